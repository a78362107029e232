-- An order belongs to a customer who was accepted, tonight or before.
select
    night_rows.*,
    night_rows.customer_id is null or exists (
        select 1 from known_customers where known_customers.customer_id = night_rows.customer_id
    ) as customer_is_known
from night_rows
