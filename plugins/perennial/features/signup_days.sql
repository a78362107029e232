-- For each day of UTC on which accounts were opened: by how many seconds the shop's clock goes before UTC; empty where it
-- changes on the day. To ask the calendar for every account is slow: see clock_days.sql.
with days as (
    select
        day_no,
        cast(date '1970-01-01' + day_no as timestamptz) as begins_at,
        cast(date '1970-01-01' + day_no + 1 as timestamptz) as ends_at
    from (select distinct cast(floor(epoch(signed_up_at) / 86400) as integer) as day_no from customers)
),
offsets as (
    select
        day_no,
        date_diff('second', begins_at at time zone 'UTC', begins_at at time zone $zone) as when_it_begins,
        date_diff('second', ends_at at time zone 'UTC', ends_at at time zone $zone) as when_it_ends
    from days
)
select day_no, case when when_it_begins = when_it_ends and day_no > 0 then when_it_begins end as shop_ahead
from offsets
