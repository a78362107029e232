-- R, F and M scores of customers with orders, from 1 to 5; 5 is the most recent, the most orders, the most money.
with scores as (
    select
        *,
        case
            when orders > 0 then 5 - array_length(list_filter($recency::integer[], lambda cut: recency_days > cut))
        end as recency_score,
        case
            when orders > 0 then 1 + array_length(list_filter($frequency::integer[], lambda cut: orders_365d > cut))
        end as frequency_score,
        case
            when orders > 0
                then 1 + array_length(list_filter($monetary::decimal(18, 2)[], lambda cut: revenue_365d > cut))
        end as monetary_score
    from standing
)
select
    *,
    case
        when orders > 0 then $cells[(recency_score - 1) * 5 + (frequency_score + monetary_score + 1) // 2]
    end as rfm_cell
from scores
