select row_id as procedure_occurrence_id, person_id, coalesce(m.concept_id, 0) as procedure_concept_id,
    day as procedure_date, 32817 as procedure_type_concept_id, f.code as procedure_source_value,
    f.system as procedure_source_system, f.text as procedure_source_text, case_id as case_source_value, lineage
from holding as f left join mapped as m on m.system = f.system and m.code = f.code
where domain = 'procedure' and not cast(json_extract(extra, '$.called_off') as boolean)
