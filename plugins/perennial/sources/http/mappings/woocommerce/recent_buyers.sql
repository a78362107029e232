select distinct customer_id
from orders
where customer_id <> '0' and status not in ('checkout-draft', 'auto-draft', 'cancelled', 'failed', 'refunded', 'trash')
