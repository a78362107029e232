-- Who agreed to emails and has yet to confirm it: by person and topic the last such yes, unless a consent stands already,
-- or a no came after it.
--
-- Reads   consents, contacts, customer_features       the lake, as known on the day
--         permissions, told_pending                    the ledger
--         $until                                       what was said before
with said as (
    select customer_id, topic, state, happened_at, {unconfirmed} as waits, consent_id
    from consents as c
    where channel = 'email' and happened_at < $until
    union all
    select customer_id, topic, state, since, false, null
    from permissions
    where channel = 'email' and since < $until
    union all
    select customer_id, topic, 'granted', since, true, null
    from told_pending
    where channel = 'email' and since < $until
), waiting as (
    select f.person_id, s.topic,
        max(s.happened_at) as happened_at,
        -- The shop's word before our copy of it.
        arg_max(struct_pack(customer_id := s.customer_id, consent_id := s.consent_id), (s.happened_at, s.consent_id is not null))
            as word
    from said as s
    join customer_features as f using (customer_id)
    where s.waits
    group by all
), standing as (
    select f.person_id, s.topic,
        arg_max(s.state, (s.happened_at, s.state = 'withdrawn')) as state,
        max(s.happened_at) as happened_at
    from said as s
    join customer_features as f using (customer_id)
    where not s.waits and f.person_id in (select person_id from waiting)
    group by all
)
select w.person_id, w.word.customer_id as customer_id, w.topic, w.happened_at, w.word.consent_id as consent_id
from waiting as w
left join standing as t using (person_id, topic)
where t.state is null or t.state = 'withdrawn' and t.happened_at < w.happened_at
order by all
