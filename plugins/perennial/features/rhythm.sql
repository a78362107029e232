-- How often a customer usually orders, and, for those who ordered lately, the same as it was known 30 days ago.
--
-- The median before is what a return within the last 30 days is measured by: the long silence itself would
-- otherwise stretch the usual gap until it looks usual.
--
-- Quartiles lie between the two gaps on both sides of their place among the sorted ones, in whole quarters: exact, and
-- cheaper than an aggregate that keeps a state of its own for every customer.
with listed as (
    select customer_no, count(*) as order_gaps, list_sort(list(gap)) as gap_days
    from gaps
    group by customer_no
),
usually as (
    select
        customer_no,
        order_gaps,
        gap_days,
        (gap_days[(order_gaps - 1) * 1 // 4 + 1] * (4 - (order_gaps - 1) * 1 % 4)
        + gap_days[least((order_gaps - 1) * 1 // 4 + 2, order_gaps)] * ((order_gaps - 1) * 1 % 4)) / 4.0 as first_quartile,
        (gap_days[(order_gaps - 1) * 2 // 4 + 1] * (4 - (order_gaps - 1) * 2 % 4)
        + gap_days[least((order_gaps - 1) * 2 // 4 + 2, order_gaps)] * ((order_gaps - 1) * 2 % 4)) / 4.0 as usual_gap,
        (gap_days[(order_gaps - 1) * 3 // 4 + 1] * (4 - (order_gaps - 1) * 3 % 4)
        + gap_days[least((order_gaps - 1) * 3 // 4 + 2, order_gaps)] * ((order_gaps - 1) * 3 % 4)) / 4.0 as third_quartile
    from listed
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
    usually.first_quartile,
    usually.usual_gap,
    usually.third_quartile,
    usually.gap_days,
    earlier.gaps_before,
    earlier.median_before,
    lately.longest_gap_lately
from usually
left join lately using (customer_no)
left join earlier using (customer_no)
