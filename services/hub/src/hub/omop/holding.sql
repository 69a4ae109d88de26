-- The latest fact of each name, unless its subject or its case was withdrawn since. What no decision is known of is of before any.
with withdrawn as (
    select project, subject, case_id, max(as_of) as at from facts where domain = 'withdrawal' group by all
), ranked as (
    select *, rank() over (
        partition by project, subject, kind, name order by coalesce(as_of, timestamptz 'epoch') desc, "offset" desc
    ) as place
    from facts where domain <> 'withdrawal'
)
select * exclude (place) from ranked as fact
where place = 1 and not exists (
    select 1 from withdrawn
    where withdrawn.project = fact.project and withdrawn.subject = fact.subject
    and withdrawn.case_id in ('', fact.case_id)
    and withdrawn.at >= coalesce(fact.as_of, timestamptz 'epoch')
)
