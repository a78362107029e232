-- One row a customer of a slice, in the words of the contract; the runner gives every column its type.
with known as (
    select
        accounts.customer_no,
        coalesce(told.language, accounts.language) as language,
        coalesce(told.birth_date, accounts.birth_date) as birth_date
    from accounts
    left join persons using (customer_no)
    left join told on told.person_no = coalesce(persons.person_no, accounts.customer_no)
    where accounts.customer_no > $above and accounts.customer_no <= $upto
),
ages as (
    select
        customer_no,
        birth_date,
        year($day) - year(birth_date)
            - cast(month($day) * 100 + day($day) < month(birth_date) * 100 + day(birth_date) as integer) as age_years
    from known
    where birth_date between date '1901-01-01' and $day
)
select
    accounts.customer_id,
    coalesce(persons.person_id, accounts.customer_id) as person_id,
    known.language,
    accounts.country,
    accounts.region,
    accounts.zone,
    accounts.zone_source,
    accounts.preferred_channel,
    ages.birth_date,
    ages.age_years,
    case
        when ages.age_years >= 65 then '65+'
        when ages.age_years >= 55 then '55-64'
        when ages.age_years >= 45 then '45-54'
        when ages.age_years >= 35 then '35-44'
        when ages.age_years >= 25 then '25-34'
        when ages.age_years >= 18 then '18-24'
    end as age_band,
    accounts.signed_up_on,
    date_diff('day', accounts.signed_up_on, $day) as customer_for_days,
    standing.orders,
    coalesce(money.revenue, 0) as revenue,
    -- In whole cents, rounded half up: money is never divided as a float. Orders in a foreign currency have no part
    -- in revenue, so they have none in its average.
    (cast(money.revenue * 200 as bigint) + money.priced_orders) // nullif(money.priced_orders * 2, 0)
        * 0.01 as average_order_value,
    standing.first_order_on,
    standing.last_order_on,
    last_orders.last_order_id,
    standing.recency_days,
    standing.order_gaps,
    standing.usual_gap_days,
    standing.gap_spread_days,
    standing.silence_ratio,
    standing.lapsed_on,
    coalesce(money.orders_30d, 0) as orders_30d,
    coalesce(money.orders_90d, 0) as orders_90d,
    coalesce(money.orders_365d, 0) as orders_365d,
    coalesce(money.revenue_30d, 0) as revenue_30d,
    coalesce(money.revenue_90d, 0) as revenue_90d,
    coalesce(money.revenue_365d, 0) as revenue_365d,
    coalesce(money.refunds, 0) as refunds,
    round(money.refunds / nullif(money.orders + money.refunds, 0), 6) as refund_rate,
    round(money.discount / nullif(money.revenue + money.discount, 0), 6) as discount_share,
    favourite_category.category as favourite_category,
    favourite_product.product_id as favourite_product_id,
    favourite_product.name as favourite_product,
    last_orders.last_delivered_order_id,
    cast(money.last_delivered_at at time zone $zone as date) as last_delivered_on,
    order_hours.usual_order_hour,
    coalesce(points.balance, 0) as points_balance,
    coalesce(points.expiring, 0) as points_expiring,
    points.expires_on as points_expire_on,
    coalesce(points.reward, 0) as reward_points,
    rewards_reached.reached_on as reward_reached_on,
    standing.stage,
    rfm.recency_score,
    rfm.frequency_score,
    rfm.monetary_score,
    rfm.rfm_cell
from accounts
join known using (customer_no)
join standing using (customer_no)
left join money using (customer_no)
left join last_orders using (customer_no)
left join order_hours using (customer_no)
left join favourites using (customer_no)
left join assortment as favourite_product using (product_no)
left join (select distinct category_no, category from assortment) as favourite_category
    on favourite_category.category_no = favourites.category_no
left join points using (customer_no)
left join rewards_reached using (customer_no)
left join rfm using (customer_no)
left join persons using (customer_no)
left join ages on ages.customer_no = accounts.customer_no and ages.age_years <= 110
where accounts.customer_no > $above and accounts.customer_no <= $upto
