select
    customer_id,
    'Ann' as first_name,
    'Reed' as last_name,
    customer_id || '@people.example' as email,
    null::varchar as phone,
    case when hash(number, 'born') % 3 > 0 then date '1945-01-01' + (hash(number, 'birth') % 22000)::int end
        as birth_date,
    ['en', 'en', 'es', 'ru'][1 + (hash(number, 'language') % 4)::int] as language,
    null::varchar as timezone,
    'US' as country,
    null::varchar as region,
    null::varchar as postal_code,
    ['email', 'sms', null][1 + (hash(number, 'channel') % 3)::int] as preferred_channel,
    timestamptz '2015-01-01 12:00:00+00' + to_days((hash(number, 'signed_up') % 3000)::int) as signed_up_at,
    timestamptz '2015-01-01 12:00:00+00' as updated_at
from people
