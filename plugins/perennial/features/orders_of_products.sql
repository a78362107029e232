-- Orders with a line of a product that has changed.
select distinct increment.order_id
from increment
join changed_products using (product_id)
