-- One row a customer of a slice, in the order of the customers: everything about them that the rest of the shop does
-- not count for. What is not to be given away is there for standing.sql.
with known as (
    select
        accounts.customer_no,
        coalesce(told.language, accounts.language) as language,
        coalesce(told.birth_date, accounts.birth_date) as birth_date
    from accounts
    left join persons using (customer_no)
    left join told on told.person_no = coalesce(persons.person_no, accounts.customer_no)
    where accounts.customer_no > $above and accounts.customer_no <= $upto
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
    known.birth_date,
    accounts.signed_up_on,
    cast(coalesce(money.orders, 0) as integer) as orders,
    cast(coalesce(money.revenue, 0) as decimal(18, 2)) as revenue,
    cast(money.discount as decimal(18, 2)) as discount,
    cast(money.priced_orders as integer) as priced_orders,
    money.first_order_on,
    money.last_order_on,
    last_orders.last_order_id,
    cast(coalesce(rhythm.order_gaps, 0) as integer) as order_gaps,
    rhythm.first_quartile,
    rhythm.usual_gap,
    rhythm.third_quartile,
    cast(rhythm.gaps_before as integer) as gaps_before,
    rhythm.median_before,
    cast(rhythm.longest_gap_lately as integer) as longest_gap_lately,
    cast(coalesce(money.orders_30d, 0) as integer) as orders_30d,
    cast(coalesce(money.orders_90d, 0) as integer) as orders_90d,
    cast(coalesce(money.orders_365d, 0) as integer) as orders_365d,
    cast(coalesce(money.revenue_30d, 0) as decimal(18, 2)) as revenue_30d,
    cast(coalesce(money.revenue_90d, 0) as decimal(18, 2)) as revenue_90d,
    cast(coalesce(money.revenue_365d, 0) as decimal(18, 2)) as revenue_365d,
    cast(coalesce(money.refunds, 0) as integer) as refunds,
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
    rewards_reached.reached_on as reward_reached_on
from accounts
join known using (customer_no)
left join money using (customer_no)
left join last_orders using (customer_no)
left join rhythm using (customer_no)
left join order_hours using (customer_no)
left join favourites using (customer_no)
left join assortment as favourite_product using (product_no)
left join (select distinct category_no, category from assortment) as favourite_category
    on favourite_category.category_no = favourites.category_no
left join points using (customer_no)
left join rewards_reached using (customer_no)
left join persons using (customer_no)
where accounts.customer_no > $above and accounts.customer_no <= $upto
order by accounts.customer_no
