-- The hour of the day at which a customer of a slice orders most, on the customer's clock; of several, the earliest.
--
-- To ask the calendar for every order is slow, so it is asked once for each zone and day of UTC: where a zone's clock
-- goes before UTC by the same when the day begins and when it ends, hours follow by adding.
with purchased as (
    select customer_no, ordered_at, cast(floor(epoch(ordered_at) / 86400) as integer) as day_no
    from purchases
    where counts and customer_no > $above and customer_no <= $upto
),
clocks as (
    select zone, min(customer_no) as clock_no
    from accounts
    where customer_no > $above and customer_no <= $upto
    group by zone
),
owners as (
    select accounts.customer_no, clocks.clock_no
    from accounts
    join clocks using (zone)
    where accounts.customer_no > $above and accounts.customer_no <= $upto
),
days as (
    select
        day_no,
        cast(date '1970-01-01' + day_no as timestamptz) as begins_at,
        cast(date '1970-01-01' + day_no + 1 as timestamptz) as ends_at
    from (select distinct day_no from purchased)
),
offsets as (
    select
        clocks.clock_no,
        clocks.zone,
        days.day_no,
        date_diff('second', begins_at at time zone 'UTC', begins_at at time zone clocks.zone) as when_it_begins,
        date_diff('second', ends_at at time zone 'UTC', ends_at at time zone clocks.zone) as when_it_ends
    from clocks
    cross join days
),
hours as (
    select
        purchased.customer_no,
        case
            when offsets.when_it_begins = offsets.when_it_ends and purchased.day_no > 0
                then (cast(floor(epoch(purchased.ordered_at)) as bigint) + offsets.when_it_begins) // 3600 % 24
            else hour(purchased.ordered_at at time zone offsets.zone)
        end as hour
    from purchased
    join owners using (customer_no)
    join offsets on offsets.clock_no = owners.clock_no and offsets.day_no = purchased.day_no
)
select customer_no, cast(arg_max(hour, orders * 24 - hour) as utinyint) as usual_order_hour
from (
    select customer_no, hour, count(*) as orders
    from hours
    group by customer_no, hour
)
group by customer_no
