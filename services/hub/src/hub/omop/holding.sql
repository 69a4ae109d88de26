-- The latest fact of each name, unless its subject or its case was withdrawn since. What no decision is known of is of before any.
-- Whose a case is, and whether it may leave, are decided each by itself.
with withdrawn as (
    select project, subject, case_id, max(as_of) as at, max(moved_as_of) as moved_at
    from facts where domain = 'withdrawal' group by all
), ranked as (
    select *, rank() over (
        partition by project, subject, kind, name
        order by
            coalesce(moved_as_of, timestamptz 'epoch') desc,
            coalesce(as_of, timestamptz 'epoch') desc,
            coalesce(said_at, timestamptz 'epoch') desc,
            "offset" desc
    ) as place
    from facts where domain <> 'withdrawal'
)
select * exclude (place) from ranked as fact
where place = 1 and not exists (
    select 1 from withdrawn
    where withdrawn.project = fact.project and withdrawn.subject = fact.subject
    and withdrawn.case_id in ('', fact.case_id)
    and (
        withdrawn.at >= coalesce(fact.as_of, timestamptz 'epoch')
        or withdrawn.moved_at >= coalesce(fact.moved_as_of, timestamptz 'epoch')
    )
)
