-- Every line of the last 365 days' purchases: who bought what.
select recent_orders.customer_no, assortment.product_no
from order_lines
join recent_orders using (order_id)
join assortment using (product_id)
