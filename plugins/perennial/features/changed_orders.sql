-- Orders that are new or have changed since an earlier day, or a line of theirs, or a product in one: none at first.
select order_id
from orders
where false
