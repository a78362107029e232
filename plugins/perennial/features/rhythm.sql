-- How often a customer usually orders, and the same as it was known 30 days ago.
--
-- The median before is what a return within the last 30 days is measured by: the long silence itself would
-- otherwise stretch the usual gap until it looks usual.
select
    customer_no,
    count(*) as order_gaps,
    quantile_cont(gap, [0.25, 0.5, 0.75]) as quartiles,
    count(*) filter (ordered_on < $day - 30) as gaps_before,
    quantile_cont(gap, 0.5) filter (ordered_on < $day - 30) as median_before,
    max(gap) filter (ordered_on >= $day - 30) as longest_gap_lately
from gaps
group by customer_no
