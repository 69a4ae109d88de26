-- Codes that hospitals sent and that have no concept, with how often.
select f.hospital, f.system, f.code, any_value(f.text) as text, f.domain, count(*) as rows
from (
    select hospital, system, code, text, domain from holding where domain in ('condition', 'procedure', 'specimen', 'measurement', 'gene', 'variant')
    union all
    select hospital, json_extract_string(extra, '$.site[1]'), json_extract_string(extra, '$.site[0]'),
        json_extract_string(extra, '$.site[2]'), 'site' from holding where domain = 'specimen'
) as f left join mapped as m on m.system = f.system and m.code = f.code
where f.code <> '' and coalesce(m.concept_id, 0) = 0
group by f.hospital, f.system, f.code, f.domain order by rows desc, f.hospital, f.system, f.code
