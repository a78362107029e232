select regexp_extract(id, '[0-9]+$') as customer_id,
       firstName as first_name,
       lastName as last_name,
       defaultEmailAddress->>'$.emailAddress' as email,
       coalesce(defaultPhoneNumber->>'$.phoneNumber', nullif(defaultAddress->>'$.phone', '')) as phone,
       locale as language,
       defaultAddress->>'$.countryCodeV2' as country,
       defaultAddress->>'$.provinceCode' as region,
       defaultAddress->>'$.zip' as postal_code,
       createdAt as signed_up_at,
       updatedAt as updated_at
from customers
