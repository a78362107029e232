-- Addresses that more than one account has, with those accounts. The keys are keyed hashes, never the addresses.
with keys as (
    select customer_id, 'email ' || email_key as key from contacts where email_key <> ''
    union all
    select customer_id, 'phone ' || phone_key as key from contacts where phone_key <> ''
),
shared as (
    select key from keys group by key having count(*) > 1
)
select accounts.customer_no, keys.key
from keys
join shared using (key)
join accounts using (customer_id)
