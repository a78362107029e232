-- The median gap of the whole shop, for customers whose own rhythm is not known yet; 30 days before there is any.
--
-- It lies halfway between the gaps on both sides of the middle, counted from the shortest; nothing is sorted but the
-- different gaps.
with counted as (
    select gap, sum(gaps)::bigint as gaps
    from gap_counts
    group by gap
),
placed as (
    select
        gap,
        sum(gaps) over (order by gap rows unbounded preceding) as upto,
        sum(gaps) over () as total
    from counted
)
select
    coalesce((min(gap) filter (upto * 2 >= total) + min(gap) filter (upto * 2 > total)) / 2, 30)::double as median_gap
from placed
