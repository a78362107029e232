-- The day of the entry with which the running balance last came from below to the reward that it reaches now.
with running as (
    select
        points_known.customer_no,
        points_known.happened_on,
        points_known.points,
        points.reward,
        sum(points_known.points) over (
            partition by points_known.customer_no
            order by points_known.happened_at, points_known.entry_id
            rows unbounded preceding
        ) as balance
    from points_known
    join points using (customer_no)
    where points.reward > 0
)
select customer_no, max(happened_on) as reached_on
from running
where balance >= reward and balance - points < reward
group by customer_no
