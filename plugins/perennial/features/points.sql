-- The balance, what expires within 30 days, and the largest reward that the balance reaches.
with expiring_days as (
    select
        customer_no,
        expires_on,
        sum(points) over (partition by customer_no order by expires_on) as added_in_window
    from points_known
    where expires_on between $day and $day + 30
),
first_expiry as (
    select expiring_days.customer_no, min(expiring_days.expires_on) as expires_on
    from expiring_days
    join points_used using (customer_no)
    where points_used.added_until_today + expiring_days.added_in_window > points_used.gone
    group by expiring_days.customer_no
),
balances as (
    select
        points_used.customer_no,
        greatest(points_used.added - points_used.gone, 0) as balance,
        greatest(points_used.added_until_soon - points_used.gone, 0) as expiring,
        first_expiry.expires_on
    from points_used
    left join first_expiry using (customer_no)
)
select *, coalesce(list_max(list_filter($rewards::bigint[], lambda step: step <= balance)), 0) as reward
from balances
