select id as customer_id,
       nullif(coalesce(nullif(first_name, ''), billing->>'$.first_name'), '') as first_name,
       nullif(coalesce(nullif(last_name, ''), billing->>'$.last_name'), '') as last_name,
       nullif(email, '') as email,
       nullif(billing->>'$.phone', '') as phone,
       coalesce(nullif(billing->>'$.country', ''), nullif(shipping->>'$.country', '')) as country,
       coalesce(nullif(billing->>'$.state', ''), nullif(shipping->>'$.state', '')) as region,
       coalesce(nullif(billing->>'$.postcode', ''), nullif(shipping->>'$.postcode', '')) as postal_code,
       date_created_gmt as signed_up_at,
       coalesce(date_modified_gmt, date_created_gmt) as updated_at
from customers
