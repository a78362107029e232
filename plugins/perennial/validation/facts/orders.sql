-- The same under two keys, tonight or within a week: a night that was loaded again with new numbers.
with twins as (
    select customer_id, ordered_at, total
    from (
        select order_id, customer_id, ordered_at, total from night_rows
        union all
        select order_id, customer_id, ordered_at, total from recent
    )
    group by all
    having count(distinct order_id) > 1
),
-- Of all that is known, what the night names: it is little, and looked up again and again.
customers_found as (
    select customer_id from known_customers semi join night_rows using (customer_id)
)
-- An order belongs to a customer who was accepted, tonight or before.
select
    night_rows.*,
    not exists (
        select 1 from twins
        where twins.customer_id = night_rows.customer_id
            and twins.ordered_at = night_rows.ordered_at
            and twins.total = night_rows.total
    ) as is_only_key,
    night_rows.customer_id is null or exists (
        select 1 from customers_found where customers_found.customer_id = night_rows.customer_id
    ) as customer_is_known
from night_rows
