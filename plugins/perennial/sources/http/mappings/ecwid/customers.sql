-- Ecwid keeps a customer for everybody who ordered, with an account or without.
select id as customer_id,
       -- Names of one word have no first name of their own.
       coalesce(billingPerson->>'$.firstName', billingPerson->>'$.name', name) as first_name,
       billingPerson->>'$.lastName' as last_name,
       email,
       coalesce(
           (select c->>'$.contact'
            from (select unnest(contacts::json[]) as c)
            where c->>'$.type' = 'PHONE'
            order by c->>'$.default' = 'true' desc
            limit 1),
           nullif(billingPerson->>'$.phone', ''),
           nullif(shippingAddresses->>'$[0].phone', '')) as phone,
       lang as language,
       coalesce(billingPerson->>'$.countryCode', shippingAddresses->>'$[0].countryCode') as country,
       coalesce(billingPerson->>'$.stateOrProvinceCode', shippingAddresses->>'$[0].stateOrProvinceCode') as region,
       coalesce(billingPerson->>'$.postalCode', shippingAddresses->>'$[0].postalCode') as postal_code,
       registered as signed_up_at,
       coalesce(updated, registered) as updated_at
from customers
