select row_id as specimen_id, person_id, coalesce(m.concept_id, 0) as specimen_concept_id,
    32817 as specimen_type_concept_id, day as specimen_date, coalesce(s.concept_id, 0) as anatomic_site_concept_id,
    item as specimen_source_id, f.code as specimen_source_value, json_extract_string(extra, '$.site[0]') as
    anatomic_site_source_value, case_id as case_source_value, lineage
from holding as f left join mapped as m on m.system = f.system and m.code = f.code
left join mapped as s on s.system = json_extract_string(extra, '$.site[1]') and s.code = json_extract_string(extra, '$.site[0]')
where domain = 'specimen'
