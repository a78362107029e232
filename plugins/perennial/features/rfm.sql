-- R, F and M scores of customers with orders, from 1 to 5; 5 is the most recent, the most orders, the most money.
with scores as (
    select
        money.customer_no,
        5 - len(list_filter(quintiles.recency, lambda cut: $day - money.last_order_on > cut)) as recency_score,
        1 + len(list_filter(quintiles.frequency, lambda cut: money.orders_365d > cut)) as frequency_score,
        1 + len(list_filter(quintiles.monetary, lambda cut: money.revenue_365d > cut)) as monetary_score
    from money, quintiles
    where money.orders > 0
)
select scores.*, rfm_cells.rfm_cell
from scores
join rfm_cells
    on rfm_cells.recency_score = scores.recency_score
    and rfm_cells.mean_score = (scores.frequency_score + scores.monetary_score + 1) // 2
