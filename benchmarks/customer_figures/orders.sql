select
    order_id,
    customer_id,
    ordered_at,
    case hash(order_id, 'status') % 50 when 0 then 'cancelled' when 1 then 'refunded' else 'delivered' end as status,
    ordered_at + to_hours((24 + hash(order_id, 'days') % 72)::bigint) as delivered_at,
    null::varchar as return_state,
    case when hash(order_id, 'currency') % 100 = 0 then 'CAD' else 'USD' end as currency,
    discount,
    total,
    ordered_at as updated_at
from draws
join baskets using (household_no, basket_no)
