-- Lines of the last 365 days' purchases, of a range of the orders' ids: who bought what.
select
    recent_orders.customer_no,
    assortment.product_no,
    cast((recent_orders.customer_no - 1) // $width as integer) as slice
from order_lines
join recent_orders using (order_id)
join assortment using (product_id)
where order_lines.order_id >= $first and order_lines.order_id < $next
