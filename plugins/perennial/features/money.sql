-- How many, how much, when first and last: figures that are sums over the orders of each customer of a slice.
--
-- "The last 30 days" are the 30 calendar days before the day.
select
    customer_no,
    count(*) filter (counts) as orders,
    count(*) filter (not counts) as refunds,
    min(ordered_on) filter (counts) as first_order_on,
    max(ordered_on) filter (counts) as last_order_on,
    max(ordered_at) filter (counts) as last_ordered_at,
    max(delivered_at) as last_delivered_at,
    coalesce(sum(total) filter (counts), 0) as revenue,
    coalesce(sum(discount) filter (counts), 0) as discount,
    count(total) filter (counts) as priced_orders,
    count(*) filter (counts and ordered_on >= $day - 30) as orders_30d,
    count(*) filter (counts and ordered_on >= $day - 90) as orders_90d,
    count(*) filter (counts and ordered_on >= $day - 365) as orders_365d,
    coalesce(sum(total) filter (counts and ordered_on >= $day - 30), 0) as revenue_30d,
    coalesce(sum(total) filter (counts and ordered_on >= $day - 90), 0) as revenue_90d,
    coalesce(sum(total) filter (counts and ordered_on >= $day - 365), 0) as revenue_365d
from dated
group by customer_no
