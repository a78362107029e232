-- Orders that, or a line of which, are new or have changed.
select distinct order_id
from increment
