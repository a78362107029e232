-- Per customer: all points ever added, those that expire soon, and how much of them is gone.
--
-- What is gone is what was redeemed or taken, and what expired: as booked, or as points_lapsed.sql finds where the
-- shop books expiry late or never. Gone points come out of the lots that expire first.
select
    points_known.customer_no,
    coalesce(sum(points) filter (points > 0), 0) as added,
    coalesce(sum(points) filter (expires_on < $day), 0) as added_until_today,
    coalesce(sum(points) filter (expires_on <= $day + 30), 0) as added_until_soon,
    coalesce(-sum(points) filter (points < 0 and not expiry), 0)
        + greatest(coalesce(-sum(points) filter (points < 0 and expiry), 0), coalesce(any_value(lapsed), 0)) as gone
from points_known
left join points_lapsed using (customer_no)
group by points_known.customer_no
