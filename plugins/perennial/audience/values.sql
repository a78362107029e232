-- The personal values that the words need, for those who will be written to.
--
-- Reads   verdicts, customer_features, contacts, orders, order_lines, products, steps, night
-- Writes  temp table `facts`: one row a message, one column a merge field of the plan (model/fields.py);
--         products are structs, money and dates are text, as they stand in the JSON of the decisions.

create or replace table to_send as
select message_key, customer_id, occasion, step, campaign, consented_at, soft_opt_in_on, local_day
from verdicts
where outcome = 'send';

create or replace table liked as
with bought as (
    select s.message_key, l.product_id, count(*) as lines
    from to_send as s
    join orders as o using (customer_id)
    join order_lines as l using (order_id)
    cross join night
    where night.needs_liked and o.status not in ('cancelled', 'refunded') and o.ordered_at >= night.year_ago
    group by all
), best as (
    select b.message_key, {'name': p.name, 'category': p.category, 'price': p.price::varchar, 'url': p.url} as product,
        b.lines, b.product_id
    from bought as b
    join products as p using (product_id)
    cross join night
    where not coalesce(list_contains(night.discreet_departments, p.department), false)
    qualify row_number() over (partition by b.message_key order by b.lines desc, b.product_id) <= 3
)
select message_key, list(product order by lines desc, product_id) as liked
from best
group by message_key;

create or replace table order_products as
with lines as (
    select s.message_key, l.product_id, max(l.amount) as amount
    from to_send as s
    join order_lines as l on l.order_id = s.occasion
    cross join night
    where night.needs_order_products
    group by all
), best as (
    select n.message_key, {'name': p.name, 'category': p.category, 'price': p.price::varchar, 'url': p.url} as product,
        n.amount, n.product_id
    from lines as n
    join products as p using (product_id)
    cross join night
    where not coalesce(list_contains(night.discreet_departments, p.department), false)
    qualify row_number() over (partition by n.message_key order by n.amount desc, n.product_id) <= 3
)
select message_key, list(product order by amount desc, product_id) as order_products
from best
group by message_key;

create or replace table facts as
select
    s.message_key,
    c.first_name,
    timezone(night.shop_zone, s.consented_at)::date::varchar as consented_on,
    s.soft_opt_in_on::varchar as soft_opt_in_on,
    case when t.offer_kind is not null then {'kind': t.offer_kind, 'value': t.offer_value} end as offer,
    (s.local_day + t.offer_days)::date::varchar as coupon_expires_on,
    case when p.product_id is not null
        then {'name': p.name, 'category': p.category, 'price': p.price::varchar, 'url': p.url}
    end as product,
    coalesce(l.liked, []) as liked,
    f.favourite_category,
    f.recency_days as days_since_order,
    f.last_order_on::varchar as last_order_on,
    f.points_balance,
    (f.points_balance * night.point_value)::decimal(18, 2)::varchar as points_value,
    f.points_expiring,
    (f.points_expiring * night.point_value)::decimal(18, 2)::varchar as points_expiring_value,
    f.points_expire_on::varchar as points_expire_on,
    f.reward_points,
    (f.reward_points * night.point_value)::decimal(18, 2)::varchar as reward_value,
    strftime(night.known_at, '%Y-%m-%dT%H:%M:%S+00:00') as points_as_of,
    timezone(night.shop_zone, o.ordered_at)::date::varchar as ordered_on,
    timezone(night.shop_zone, o.delivered_at)::date::varchar as delivered_on,
    coalesce(b.order_products, []) as order_products
from to_send as s
cross join night
join customer_features as f using (customer_id)
left join contacts as c using (customer_id)
join steps as t on t.campaign = s.campaign and t.step = s.step
left join products as p on p.product_id = f.favourite_product_id and not coalesce(list_contains(night.discreet_departments, p.department), false)
left join orders as o on o.order_id = s.occasion
left join liked as l using (message_key)
left join order_products as b using (message_key);
