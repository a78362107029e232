-- One row a customer of a slice, in the order of the customers: everything about them that the rest of the shop does
-- not count for. What is not to be given away is there for standing.sql.
select
    accounts.customer_id,
    coalesce(persons.person_id, accounts.customer_id) as person_id,
    coalesce(told.language, accounts.language) as language,
    accounts.country,
    accounts.region,
    accounts.zone,
    accounts.zone_source,
    accounts.preferred_channel,
    coalesce(told.birth_date, accounts.birth_date) as birth_date,
    accounts.signed_up_on,
    cast(coalesce(order_figures.orders, 0) as integer) as orders,
    cast(coalesce(order_figures.revenue, 0) as decimal(18, 2)) as revenue,
    order_figures.discount,
    cast(order_figures.priced_orders as integer) as priced_orders,
    order_figures.first_order_on,
    order_figures.last_order_on,
    order_figures.last_order_id,
    cast(coalesce(order_figures.order_gaps, 0) as integer) as order_gaps,
    order_figures.first_quartile,
    order_figures.usual_gap,
    order_figures.third_quartile,
    cast(order_figures.gaps_before as integer) as gaps_before,
    order_figures.median_before,
    cast(order_figures.longest_gap_lately as integer) as longest_gap_lately,
    cast(coalesce(order_figures.orders_30d, 0) as integer) as orders_30d,
    cast(coalesce(order_figures.orders_90d, 0) as integer) as orders_90d,
    cast(coalesce(order_figures.orders_365d, 0) as integer) as orders_365d,
    cast(coalesce(order_figures.revenue_30d, 0) as decimal(18, 2)) as revenue_30d,
    cast(coalesce(order_figures.revenue_90d, 0) as decimal(18, 2)) as revenue_90d,
    cast(coalesce(order_figures.revenue_365d, 0) as decimal(18, 2)) as revenue_365d,
    cast(coalesce(order_figures.refunds, 0) as integer) as refunds,
    order_figures.favourite_category,
    order_figures.favourite_product_id,
    assortment.name as favourite_product,
    order_figures.last_delivered_order_id,
    order_figures.last_delivered_on,
    order_figures.usual_order_hour,
    coalesce(points.balance, 0) as points_balance,
    coalesce(points.expiring, 0) as points_expiring,
    points.expires_on as points_expire_on,
    coalesce(points.reward, 0) as reward_points,
    rewards_reached.reached_on as reward_reached_on
from accounts
left join persons using (customer_no)
left join told on told.person_no = coalesce(persons.person_no, accounts.customer_no)
left join order_figures using (customer_id)
left join assortment on assortment.product_id = order_figures.favourite_product_id
left join points using (customer_no)
left join rewards_reached using (customer_no)
where accounts.customer_no > $above and accounts.customer_no <= $upto
order by accounts.customer_no
