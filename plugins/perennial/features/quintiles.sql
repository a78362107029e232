-- The values that part customers with orders into fifths, for each of R, F and M.
--
-- Cut points, not ntile: customers with the same value get the same score, whatever their number, and no sort of all
-- customers is needed.
select
    quantile_disc(date_diff('day', last_order_on, $day), [0.2, 0.4, 0.6, 0.8]) as recency,
    quantile_disc(orders_365d, [0.2, 0.4, 0.6, 0.8]) as frequency,
    quantile_disc(revenue_365d, [0.2, 0.4, 0.6, 0.8]) as monetary
from money
where orders > 0
