-- A line belongs to an order and names a product, each accepted tonight or before.
select
    night_rows.*,
    night_rows.order_id is null or exists (
        select 1 from known_orders where known_orders.order_id = night_rows.order_id
    ) as order_is_known,
    night_rows.product_id is null or exists (
        select 1 from known_products where known_products.product_id = night_rows.product_id
    ) as product_is_known
from night_rows
