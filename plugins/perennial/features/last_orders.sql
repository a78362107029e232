-- Which order was placed last, and which was delivered last; of two at the same instant, the one with the greater id.
select
    purchases.customer_no,
    max(order_id) filter (counts and ordered_at = last_ordered_at) as last_order_id,
    max(order_id) filter (delivered_at = last_delivered_at) as last_delivered_order_id
from purchases
join money using (customer_no)
where purchases.customer_no > $above and purchases.customer_no <= $upto
    and ((counts and ordered_at = last_ordered_at) or delivered_at = last_delivered_at)
group by purchases.customer_no
