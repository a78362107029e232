-- The same under two keys, tonight or within a week: a night that was loaded again with new numbers.
with twins as (
    select customer_id, channel, topic, state, happened_at
    from (
        select consent_id, customer_id, channel, topic, state, happened_at from night_rows
        union all
        select consent_id, customer_id, channel, topic, state, happened_at from recent
    )
    group by all
    having count(distinct consent_id) > 1
),
-- Of all that is known, what the night names: it is little, and looked up again and again.
customers_found as (
    select customer_id from known_customers semi join night_rows using (customer_id)
)
-- A grant from the future would outlive every withdrawal until then. A withdrawal holds whatever its date says.
select
    night_rows.*,
    not exists (
        select 1 from twins
        where twins.customer_id = night_rows.customer_id
            and twins.channel = night_rows.channel
            and twins.topic = night_rows.topic
            and twins.state = night_rows.state
            and twins.happened_at = night_rows.happened_at
    ) as is_only_key,
    night_rows.customer_id is null or exists (
        select 1 from customers_found where customers_found.customer_id = night_rows.customer_id
    ) as customer_is_known,
    coalesce(state <> 'granted' or happened_at <= $night_end, true) as grant_has_happened
from night_rows
