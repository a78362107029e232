-- points_expiry: points worth redeeming expire within 30 days; or, if not, the balance has just reached a reward.
--
-- Reads members, $day, $redemption_minimum. The day before the points expire is the last one to speak of it: on the
-- day itself the message would come too late for many. A reward is news for three days.
select
    customer_id,
    cast(points_expire_on as varchar) as occasion,
    points_expire_on - 1 as open_until,
    json_object(
        'points_balance', points_balance, 'points_expire_on', points_expire_on, 'points_expiring', points_expiring
    ) as why
from members
where points_expiring >= $redemption_minimum
    and points_expire_on > $day
union all
select
    customer_id,
    'reward-' || reward_points || '-' || reward_reached_on as occasion,
    reward_reached_on + 7 as open_until,
    json_object(
        'points_balance', points_balance, 'reward_points', reward_points, 'reward_reached_on', reward_reached_on
    ) as why
from members
where reward_points > 0
    and reward_reached_on between $day - 3 and $day - 1
    and not coalesce(points_expiring >= $redemption_minimum and points_expire_on > $day, false)
