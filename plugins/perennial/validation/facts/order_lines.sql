-- Of all that is known, what the night names: it is little, and looked up again and again.
with orders_found as (
    select order_id from known_orders semi join night_rows using (order_id)
),
products_found as (
    select product_id from known_products semi join night_rows using (product_id)
)
-- A line belongs to an order and names a product, each accepted tonight or before.
select
    night_rows.*,
    night_rows.order_id is null or exists (
        select 1 from orders_found where orders_found.order_id = night_rows.order_id
    ) as order_is_known,
    night_rows.product_id is null or exists (
        select 1 from products_found where products_found.product_id = night_rows.product_id
    ) as product_is_known
from night_rows
