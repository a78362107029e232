-- An order of one customer in seventy, as many as any day brings, and what has become of the orders of three days ago.
with bought as (
    select customer_id, hash(customer_id, 'next basket') % (select count(*) from baskets) as basket_no
    from customers
    where hash(customer_id, 'next') % 70 = 0
)
select * from (
    select
        'P' || lpad((row_number() over (order by customer_id))::varchar, 11, '0') as order_id,
        customer_id,
        $starts_at::timestamptz - to_seconds((1 + hash(customer_id, 'second') % 50400)::bigint) as ordered_at,
        'placed' as status,
        null::timestamptz as delivered_at,
        null::varchar as return_state,
        'USD' as currency,
        baskets.discount,
        baskets.total,
        $starts_at::timestamptz - to_hours(1) as updated_at
    from bought
    join baskets using (basket_no)
    union all by name
    select * replace ($starts_at::timestamptz - to_hours(2) as delivered_at, $starts_at::timestamptz - to_hours(1) as updated_at)
    from orders
    where ordered_at >= $starts_at::timestamptz - to_days(4) and ordered_at < $starts_at::timestamptz - to_days(3)
)
order by order_id
