select row_id as measurement_id, person_id, coalesce(m.concept_id, 0) as measurement_concept_id,
    coalesce(f.day, o.day) as measurement_date, 32817 as measurement_type_concept_id, value as value_as_number,
    f.code as measurement_source_value, f.system as measurement_source_system, f.text as measurement_source_text,
    value_text as value_source_value, extra as modifiers, f.case_id as case_source_value, lineage
from holding as f left join mapped as m on m.system = f.system and m.code = f.code
left join (select case_id, min(day) as day from holding where domain = 'procedure' group by case_id) as o using (case_id)
where domain in ('measurement', 'gene', 'variant')
