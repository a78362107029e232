-- Points that must have expired unused, whether the shop has booked it or not.
--
-- Points are used up in the order in which they expire. When a lot's last day ends, whatever was added to expire
-- until then, less whatever had been redeemed until then, is lost; points redeemed later cannot have come from it.
-- So the loss is the largest such difference over all lots that have expired.
with steps as (
    select customer_no, expires_on as on_day, 1 as turn, points
    from points_known
    where expires_on < $day
    union all
    select customer_no, happened_on as on_day, 0 as turn, points
    from points_known
    where points < 0 and not expiry
        and customer_no in (select customer_no from points_known where expires_on < $day)
),
running as (
    select
        customer_no,
        turn,
        sum(points) over (partition by customer_no order by on_day, turn rows unbounded preceding) as left_over
    from steps
)
select customer_no, greatest(max(left_over) filter (turn = 1), 0) as lapsed
from running
group by customer_no
