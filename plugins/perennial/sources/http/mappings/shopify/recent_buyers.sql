select distinct regexp_extract(customer->>'$.id', '[0-9]+$') as customer_id
from orders
where customer is not null and cancelledAt is null and coalesce(test, 'false') <> 'true'
