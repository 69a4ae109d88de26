-- Diagnoses in code, as the part of the report that holds and said them last has them; `note.sql` says which parts hold.
with withdrawn as (
    select case_id, max(value) as last from holding where domain = 'note' and value_text = 'withdraws' group by case_id
), said as (
    select case_id, max(value) as number from holding where domain = 'condition' group by case_id
)
select row_id as condition_occurrence_id, person_id, coalesce(m.concept_id, 0) as condition_concept_id,
    day as condition_start_date, 32817 as condition_type_concept_id, f.code as condition_source_value,
    f.system as condition_source_system, f.case_id as case_source_value, lineage
from holding as f join said on said.case_id = f.case_id and said.number = f.value
left join withdrawn on withdrawn.case_id = f.case_id
left join mapped as m on m.system = f.system and m.code = f.code
where domain = 'condition' and value > coalesce(last, 0)
