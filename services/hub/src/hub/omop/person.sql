-- One row for each person, also where they were in two hospitals: `subjects` has who they are to each.
select person_id, any_value(project) as project,
    case arg_max(value_text, "offset") when 'female' then 8532 when 'male' then 8507 else 0 end as gender_concept_id,
    arg_max(cast(value as integer), "offset") as year_of_birth, 0 as race_concept_id, 0 as ethnicity_concept_id,
    arg_max(subject, "offset") as person_source_value, arg_max(value_text, "offset") as gender_source_value,
    arg_max(hospital, "offset") as care_site_source_value, arg_max(lineage, "offset") as lineage,
    string_agg(distinct subject, ',' order by subject) as subjects
from holding where domain = 'person' group by person_id
