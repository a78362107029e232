-- delivered_order: five days after an order was delivered; ten after it was placed, where nobody knows when it came.
--
-- Reads members, orders, $day, $starts_at, $zone, $open_for. Of several orders that are due at once, the last one is
-- asked about; while something of it is being sent back, nobody is asked.
with dated as (
    select
        customer_id,
        order_id,
        coalesce(return_state = 'open', false) as coming_back,
        cast(ordered_at at time zone $zone as date) as ordered_on,
        case when delivered_at < $starts_at then cast(delivered_at at time zone $zone as date) end as delivered_on,
        coalesce(delivered_on + 5, ordered_on + 10) as due_on
    from orders
    where status not in ('cancelled', 'refunded')
        and ordered_at < $starts_at
),
latest as (
    select
        customer_id,
        max(struct_pack(due_on, order_id, coming_back, ordered_on, delivered_on)) as last
    from dated
    join members using (customer_id)
    where due_on between $day - $open_for + 1 and $day
    group by customer_id
)
select
    customer_id,
    last.order_id as occasion,
    last.due_on + $open_for - 1 as open_until,
    json_object('delivered_on', last.delivered_on, 'ordered_on', last.ordered_on) as why
from latest
where not last.coming_back
