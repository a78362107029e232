-- What one campaign's audience comes to, for the checks: how many there are, and how many of them have agreed.
-- Reads memberships, customer_features and consents as known on the day, and the ledger's `permissions`.
with members as (
    select customer_id, person_id from memberships where campaign = $campaign
),
said as (
    select customer_id, channel, topic, state, happened_at, false as by_link, consent_id from consents
    union all
    select customer_id, channel, topic, state, since, state = 'withdrawn', '' from permissions
),
-- As the plan sees it: the latest word from any of a person's accounts holds, and unknown is no.
last_words as (
    select f.person_id, s.channel, arg_max(s.state, (s.happened_at, s.by_link, s.consent_id)) as state
    from said as s
    join customer_features as f using (customer_id)
    where s.topic = $topic and list_contains($channels, s.channel)
        and f.person_id in (select person_id from members)
    group by f.person_id, s.channel
),
willing as (
    select distinct person_id from last_words where state = 'granted'
)
select
    count(*) as members,
    count(distinct person_id) as persons,
    count(*) filter (where person_id in (select person_id from willing)) as agreed,
    (select count(*) from customer_features) as customers
from members
