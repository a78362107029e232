select distinct customerId as customer_id
from orders
where customerId is not null and paymentStatus not in ('INCOMPLETE', 'CANCELLED', 'REFUNDED')
