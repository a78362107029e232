-- Whose orders have changed, among some that may have been theirs before, and whose orders and deliveries have come to lie
-- on the other side of a line that days are counted from: the day itself, or 30, 90 or 365 days before it.
select increment.customer_id
from increment
join changed_orders using (order_id)
union
select customer_id
from increment
where ordered_at >= $earlier_365 and ordered_at < $now_365
    or ordered_at >= $earlier_90 and ordered_at < $now_90
    or ordered_at >= $earlier_30 and ordered_at < $now_30
    or ordered_at >= $earlier_0 and ordered_at < $now_0
union
select customer_id
from increment
where delivered_at >= $earlier_0 and delivered_at < $now_0
