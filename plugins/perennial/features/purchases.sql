-- Orders placed before the day began, as numbers: the one pass over the orders that later steps read from.
--
-- An order counts as a purchase unless it was cancelled or refunded; refunded ones are kept to be counted as such.
-- Money in a foreign currency is left empty, never converted and never added to the shop's.
select
    accounts.customer_no,
    orders.order_id,
    orders.status <> 'refunded' as counts,
    orders.ordered_at,
    case when orders.status = 'delivered' and orders.delivered_at < $starts_at then orders.delivered_at end
        as delivered_at,
    case when orders.currency = $currency then orders.total end as total,
    case when orders.currency = $currency then orders.discount end as discount,
    cast((accounts.customer_no - 1) // $width as integer) as slice
from orders
join accounts using (customer_id)
where orders.ordered_at < $starts_at
    and orders.status <> 'cancelled'
    and accounts.anew
