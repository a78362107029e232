-- For each zone and each day of UTC with purchases or deliveries: by how many seconds the zone's clock goes before UTC,
-- and the shop's; empty where it changes on the day.
--
-- To ask the calendar for every order is slow, so it is asked once for each zone and day, when the day begins and ends.
with days as (
    select
        day_no,
        cast(date '1970-01-01' + day_no as timestamptz) as begins_at,
        cast(date '1970-01-01' + day_no + 1 as timestamptz) as ends_at
    from (
        select cast(floor(epoch(ordered_at) / 86400) as integer) as day_no from purchases
        union
        select cast(floor(epoch(delivered_at) / 86400) as integer) as day_no from purchases where delivered_at is not null
    )
),
offsets as materialized (
    select
        clocks.zone,
        days.day_no,
        days.day_no * clocks.clocks + clocks.clock_no as clock_day_no,
        date_diff('second', begins_at at time zone 'UTC', begins_at at time zone clocks.zone) as when_it_begins,
        date_diff('second', ends_at at time zone 'UTC', ends_at at time zone clocks.zone) as when_it_ends
    from clocks
    cross join days
),
steady as (
    select *, case when when_it_begins = when_it_ends and day_no > 0 then when_it_begins end as seconds_ahead
    from offsets
)
select customers.clock_day_no, customers.day_no, customers.zone, customers.seconds_ahead, shops.seconds_ahead as shop_ahead
from steady as customers
join steady as shops on shops.day_no = customers.day_no and shops.zone = $zone
