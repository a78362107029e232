-- One new account for every five thousand.
select
    'C' || lpad((number + 900000000)::varchar, 9, '0') as customer_id,
    'Ann' as first_name,
    'Reed' as last_name,
    null::varchar as email,
    null::varchar as phone,
    null::date as birth_date,
    'en' as language,
    null::varchar as timezone,
    'US' as country,
    null::varchar as region,
    null::varchar as postal_code,
    'email' as preferred_channel,
    $starts_at::timestamptz - to_hours(9) as signed_up_at,
    $starts_at::timestamptz - to_hours(9) as updated_at
from range((select count(*) // 5000 from customers)) as numbers (number)
order by customer_id
