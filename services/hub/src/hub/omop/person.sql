select person_id,
    case value_text when 'female' then 8532 when 'male' then 8507 else 0 end as gender_concept_id,
    cast(value as integer) as year_of_birth, 0 as race_concept_id, 0 as ethnicity_concept_id,
    subject as person_source_value, value_text as gender_source_value, hospital as care_site_source_value, lineage
from holding where domain = 'person'
qualify row_number() over (partition by person_id order by "offset" desc) = 1
