-- pending_consent: once for each yes to emails that has yet to be confirmed, until it is too late to confirm it.
--
-- Reads members, pending (by person and topic, the last such yes), $day, $zone, $confirm_days. Whoever agreed to several
-- topics is asked once; it is the last yes that counts.
with latest as (
    select person_id, max(happened_at) as happened_at, arg_max(customer_id, happened_at) as customer_id,
        list_sort(list(topic)) as topics
    from pending
    group by person_id
)
select
    customer_id,
    strftime(happened_at at time zone 'UTC', '%Y-%m-%d') || 'T'
        || strftime(happened_at at time zone 'UTC', '%H:%M:%S.%f') || '+00:00' as occasion,
    cast(happened_at at time zone $zone as date) + $confirm_days - 1 as open_until,
    json_object('agreed_on', cast(happened_at at time zone $zone as date), 'topics', topics) as why
from latest
join members using (customer_id)
where cast(happened_at at time zone $zone as date) + $confirm_days > $day
