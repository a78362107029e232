-- R, F and M scores of customers with orders, from 1 to 5; 5 is the most recent, the most orders, the most money.
with scores as (
    select
        money.customer_no,
        5 - array_length(list_filter(quintiles.recency, lambda cut: date_diff('day', money.last_order_on, $day) > cut))
            as recency_score,
        1 + array_length(list_filter(quintiles.frequency, lambda cut: money.orders_365d > cut)) as frequency_score,
        1 + array_length(list_filter(quintiles.monetary, lambda cut: money.revenue_365d > cut)) as monetary_score
    from money, quintiles
    where money.orders > 0
        and money.customer_no > $above and money.customer_no <= $upto
)
select scores.*, rfm_cells.rfm_cell
from scores
join rfm_cells
    on rfm_cells.recency_score = scores.recency_score
    and rfm_cells.mean_score = (scores.frequency_score + scores.monetary_score + 1) // 2
