with lines as (
    select id as order_id,
           coalesce(updateDate, createDate) as updated_at,
           unnest(items::json[]) as line,
           generate_subscripts(items::json[], 1) as line_no
    from orders
    where customerId is not null and paymentStatus <> 'INCOMPLETE'
)
select order_id,
       cast(line_no as varchar) as line_no,
       line->>'$.productId' as product_id,
       line->>'$.quantity' as quantity,
       -- The price in the cart, less the coupon's share and the other discounts on the line.
       cast(try_cast(line->>'$.price' as decimal(18, 4)) * try_cast(line->>'$.quantity' as decimal(18, 4))
            - coalesce(try_cast(line->>'$.couponAmount' as decimal(18, 4)), 0)
            - coalesce(list_sum(list_transform(
                  line->>'$.discounts[*].total',
                  lambda total: try_cast(total as decimal(18, 4)))), 0) as decimal(18, 4))::varchar as amount,
       updated_at
from lines
