-- One account in fifty shares its address with another.
select
    customer_id,
    'Ann' as first_name,
    customer_id || '@people.example' as email,
    md5(case when number % 50 = 1 then number - 1 else number end::varchar) as email_key,
    null::varchar as email_problem,
    null::varchar as phone,
    null::varchar as phone_key,
    null::varchar as phone_problem,
    ['America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles', 'Europe/Madrid']
        [1 + (hash(number, 'zone') % 5)::int] as zone,
    'profile' as zone_source,
    null::varchar as other_zones,
    'US' as country,
    'address' as country_source,
    null::varchar as region,
    timestamptz '2015-01-01 12:00:00+00' as updated_at
from people
