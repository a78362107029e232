-- One row a customer of a slice who has purchases: everything that is worked out from them. It holds as long as nothing
-- of it changes and no purchase grows too old for a figure, so larger shops carry it from night to night: see carrying.py.
select
    accounts.customer_id,
    money.orders,
    money.refunds,
    money.first_order_on,
    money.last_order_on,
    case
        when shop_days.shop_ahead is null then cast(money.last_delivered_at at time zone $zone as date)
        else date '1970-01-01'
            + cast((cast(floor(epoch(money.last_delivered_at)) as bigint) + shop_days.shop_ahead) // 86400 as integer)
    end as last_delivered_on,
    cast(money.revenue as decimal(18, 2)) as revenue,
    cast(money.discount as decimal(18, 2)) as discount,
    money.priced_orders,
    money.orders_30d,
    money.orders_90d,
    money.orders_365d,
    cast(money.revenue_30d as decimal(18, 2)) as revenue_30d,
    cast(money.revenue_90d as decimal(18, 2)) as revenue_90d,
    cast(money.revenue_365d as decimal(18, 2)) as revenue_365d,
    last_orders.last_order_id,
    last_orders.last_delivered_order_id,
    rhythm.order_gaps,
    rhythm.first_quartile,
    rhythm.usual_gap,
    rhythm.third_quartile,
    rhythm.gaps_before,
    rhythm.median_before,
    rhythm.longest_gap_lately,
    rhythm.gap_days,
    order_hours.usual_order_hour,
    favourite_product.product_id as favourite_product_id,
    favourite_category.category as favourite_category
from money
join accounts using (customer_no)
left join last_orders using (customer_no)
left join rhythm using (customer_no)
left join order_hours using (customer_no)
left join favourites using (customer_no)
left join assortment as favourite_product using (product_no)
left join (select distinct category_no, category from assortment) as favourite_category
    on favourite_category.category_no = favourites.category_no
left join (select day_no, shop_ahead from clock_days where zone = $zone) as shop_days
    on shop_days.day_no = cast(floor(epoch(money.last_delivered_at) / 86400) as integer)
