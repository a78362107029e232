-- One row a customer, in the words of the contract; the runner gives every column its type.
with ages as (
    select
        *,
        case
            when birth_date between date '1901-01-01' and $day
                then year($day) - year(birth_date) - cast(
                    month($day) * 100 + day($day) < month(birth_date) * 100 + day(birth_date) as integer
                )
        end as full_years
    from rfm
),
plausible as (
    select *, case when full_years <= 110 then full_years end as age
    from ages
)
select
    customer_id,
    person_id,
    language,
    country,
    region,
    zone,
    zone_source,
    preferred_channel,
    case when age is not null then birth_date end as birth_date,
    age as age_years,
    case
        when age >= 65 then '65+'
        when age >= 55 then '55-64'
        when age >= 45 then '45-54'
        when age >= 35 then '35-44'
        when age >= 25 then '25-34'
        when age >= 18 then '18-24'
    end as age_band,
    signed_up_on,
    date_diff('day', signed_up_on, $day) as customer_for_days,
    orders,
    revenue,
    -- In whole cents, rounded half up: money is never divided as a float. Orders in a foreign currency have no part
    -- in revenue, so they have none in its average.
    (cast(revenue * 200 as bigint) + priced_orders) // nullif(priced_orders * 2, 0) * 0.01 as average_order_value,
    first_order_on,
    last_order_on,
    last_order_id,
    recency_days,
    order_gaps,
    usual_gap_days,
    gap_spread_days,
    silence_ratio,
    lapsed_on,
    orders_30d,
    orders_90d,
    orders_365d,
    revenue_30d,
    revenue_90d,
    revenue_365d,
    refunds,
    round(refunds / nullif(orders + refunds, 0), 6) as refund_rate,
    round(discount / nullif(revenue + discount, 0), 6) as discount_share,
    favourite_category,
    favourite_product_id,
    favourite_product,
    last_delivered_order_id,
    last_delivered_on,
    usual_order_hour,
    points_balance,
    points_expiring,
    points_expire_on,
    reward_points,
    reward_reached_on,
    stage,
    recency_score,
    frequency_score,
    monetary_score,
    rfm_cell
from plausible
