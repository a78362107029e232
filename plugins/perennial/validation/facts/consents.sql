-- A grant from the future would outlive every withdrawal until then. A withdrawal holds whatever its date says.
select
    night_rows.*,
    night_rows.customer_id is null or exists (
        select 1 from known_customers where known_customers.customer_id = night_rows.customer_id
    ) as customer_is_known,
    coalesce(state <> 'granted' or happened_at <= $night_end, true) as grant_has_happened
from night_rows
