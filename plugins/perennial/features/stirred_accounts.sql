-- Whose account or zone is new or has changed.
select customer_id
from increment
