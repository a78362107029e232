-- Lets the latest word stand for a person, a channel and a topic, in whatever order the words come: of two words of
-- one instant, the no. What is pending lets nothing stand that did not before.
with told as ($consents),
latest as (
    select
        person_id, channel, topic, state, at,
        row_number() over (partition by person_id, channel, topic order by at desc, state desc) as turn
    from told
    where state <> 'pending'
)
insert into permissions (person_id, channel, topic, state, since)
select person_id, channel, topic, state, at
from latest
where turn = 1
order by person_id, channel, topic
on conflict (person_id, channel, topic) do update set
    state = excluded.state,
    since = excluded.since
where excluded.since > permissions.since
   or excluded.since = permissions.since and excluded.state = 'withdrawn'
