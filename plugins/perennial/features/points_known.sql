-- The loyalty account as it was known when the day began. What is added is a lot; what is taken uses lots up.
select
    accounts.customer_no,
    points_entries.entry_id,
    points_entries.kind = 'expired' as expiry,
    points_entries.points,
    points_entries.happened_at,
    cast(points_entries.happened_at at time zone $zone as date) as happened_on,
    case when points_entries.points > 0 then coalesce(points_entries.expires_on, date '9999-12-31') end as expires_on
from points_entries
join accounts using (customer_id)
where points_entries.happened_at < $starts_at
    and points_entries.points <> 0
