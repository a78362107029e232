-- Those of the new accounts, and one in five thousand of the others has moved.
select * replace (
    case zone when 'America/Denver' then 'America/Chicago' else 'America/Denver' end as zone,
    $starts_at::timestamptz - to_hours(8) as updated_at
)
from contacts
where hash(customer_id, 'moved') % 5000 = 0
union all by name
select
    'C' || lpad((number + 900000000)::varchar, 9, '0') as customer_id,
    'Ann' as first_name,
    'America/New_York' as zone,
    'profile' as zone_source,
    'US' as country,
    'address' as country_source,
    $starts_at::timestamptz - to_hours(9) as updated_at
from range((select count(*) // 5000 from customers)) as numbers (number)
order by customer_id
