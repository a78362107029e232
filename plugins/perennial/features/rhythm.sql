-- How often a customer usually orders, and, for those who ordered lately, the same as it was known 30 days ago.
--
-- The median before is what a return within the last 30 days is measured by: the long silence itself would
-- otherwise stretch the usual gap until it looks usual.
with usually as (
    select customer_no, count(*) as order_gaps, quantile_cont(gap, [0.25, 0.5, 0.75]) as quartiles
    from gaps
    group by customer_no
),
lately as (
    select customer_no, max(gap) as longest_gap_lately
    from gaps
    where ordered_on >= $day - 30
    group by customer_no
),
earlier as (
    select gaps.customer_no, count(*) as gaps_before, quantile_cont(gaps.gap, 0.5) as median_before
    from gaps
    join lately using (customer_no)
    where gaps.ordered_on < $day - 30
    group by gaps.customer_no
)
select
    usually.customer_no,
    usually.order_gaps,
    usually.quartiles,
    earlier.gaps_before,
    earlier.median_before,
    lately.longest_gap_lately
from usually
left join lately using (customer_no)
left join earlier using (customer_no)
