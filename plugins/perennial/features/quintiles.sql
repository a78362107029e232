-- The values that part customers with orders into fifths, for each of R, F and M.
--
-- Cut points, not ntile: customers with the same value get the same score, whatever their number, and no sort of all
-- customers is needed.
select
    cast(quantile_disc(recency_days, [0.2, 0.4, 0.6, 0.8]) as integer[]) as recency,
    cast(quantile_disc(orders_365d, [0.2, 0.4, 0.6, 0.8]) as integer[]) as frequency,
    cast(cast(quantile_disc(revenue_365d, [0.2, 0.4, 0.6, 0.8]) as decimal(18, 2)[]) as varchar[]) as monetary
from (select *, date_diff('day', last_order_on, $day) as recency_days from figures)
where orders > 0
