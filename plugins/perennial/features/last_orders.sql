-- Which order was placed last, and which was delivered last; of two at the same instant, the one with the greater id.
select
    dated.customer_no,
    max(order_id) filter (counts and ordered_at = last_ordered_at) as last_order_id,
    max(order_id) filter (delivered_at = last_delivered_at) as last_delivered_order_id
from dated
join money using (customer_no)
where (counts and ordered_at = last_ordered_at) or delivered_at = last_delivered_at
group by dated.customer_no
