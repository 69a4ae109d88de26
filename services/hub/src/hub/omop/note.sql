with withdrawn as (
    select case_id, max(value) as last from holding where domain = 'note' and value_text = 'withdraws' group by case_id
)
select row_id as note_id, person_id, day as note_date, 32817 as note_type_concept_id, 0 as note_class_concept_id,
    case when value > coalesce(last, 0) + 1 then 'addendum' else 'report' end as note_title, text as note_text,
    0 as encoding_concept_id, 0 as language_concept_id, holding.case_id as case_source_value, lineage
from holding left join withdrawn using (case_id)
where domain = 'note' and value > coalesce(last, 0)
