-- Those of the day's new orders.
select
    'P' || lpad(number::varchar, 11, '0') as order_id,
    lines.line_no,
    lines.product_id,
    lines.quantity,
    lines.amount,
    $starts_at::timestamptz - to_hours(1) as updated_at
from (
    select
        row_number() over (order by customer_id) as number,
        hash(customer_id, 'next basket') % (select count(*) from baskets) as basket_no
    from customers
    where hash(customer_id, 'next') % 70 = 0
) as bought
join lines using (basket_no)
order by order_id, line_no
