-- The purchases of a slice, with the day on the shop's clock and the hour on the customer's: hours follow by adding where
-- the clock does not change on the day.
with purchased as (
    select *, cast(floor(epoch(ordered_at)) as bigint) as second, cast(floor(epoch(ordered_at) / 86400) as integer) as day_no
    from purchases
),
owners as materialized (
    select accounts.customer_no, clocks.clock_no, clocks.clocks
    from accounts
    join clocks using (zone)
    where accounts.customer_no > $above and accounts.customer_no <= $upto
)
select
    purchased.customer_no,
    purchased.order_id,
    purchased.counts,
    purchased.ordered_at,
    purchased.delivered_at,
    purchased.total,
    purchased.discount,
    case
        when clock_days.shop_ahead is null then cast(purchased.ordered_at at time zone $zone as date)
        else date '1970-01-01' + cast((purchased.second + clock_days.shop_ahead) // 86400 as integer)
    end as ordered_on,
    cast(
        case
            when clock_days.seconds_ahead is null then hour(purchased.ordered_at at time zone clock_days.zone)
            else (purchased.second + clock_days.seconds_ahead) // 3600 % 24
        end as integer
    ) as hour
from purchased
join owners using (customer_no)
join clock_days on clock_days.clock_day_no = purchased.day_no * owners.clocks + owners.clock_no
