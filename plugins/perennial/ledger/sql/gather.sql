-- For PostgreSQL: what was moved comes back as one row a campaign's day, not as one a message.
with moved as (
$moved
)
select campaign, day, string_agg(key, ',') as keys
from moved
group by campaign, day
