select
    'O' || lpad(draws.rowid::varchar, 11, '0') as order_id,
    'C' || lpad(customer::varchar, 9, '0') as customer_id,
    ordered_at,
    case hash(draws.rowid, 'status') % 50 when 0 then 'cancelled' when 1 then 'refunded' else 'delivered' end as status,
    ordered_at + to_hours((24 + hash(draws.rowid, 'days') % 72)::bigint) as delivered_at,
    null::varchar as return_state,
    case when hash(draws.rowid, 'currency') % 100 = 0 then 'CAD' else 'USD' end as currency,
    discount,
    total,
    ordered_at as updated_at
from draws
join baskets using (basket_no)
