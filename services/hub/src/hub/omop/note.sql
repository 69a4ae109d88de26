select row_id as note_id, person_id, day as note_date, 32817 as note_type_concept_id, 0 as note_class_concept_id,
    case when value > 1 then 'addendum' else 'report' end as note_title, text as note_text, 0 as encoding_concept_id,
    0 as language_concept_id, case_id as case_source_value, lineage
from holding where domain = 'note'
