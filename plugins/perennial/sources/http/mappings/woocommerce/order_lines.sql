with lines as (
    select id as order_id,
           coalesce(date_modified_gmt, date_created_gmt) as updated_at,
           unnest(line_items::json[]) as line,
           generate_subscripts(line_items::json[], 1) as line_no
    from orders
    where customer_id <> '0' and status not in ('checkout-draft', 'auto-draft')
)
select order_id,
       cast(line_no as varchar) as line_no,
       line->>'$.product_id' as product_id,
       line->>'$.quantity' as quantity,
       -- After discounts, with the tax that was paid.
       cast(try_cast(line->>'$.total' as decimal(18, 4))
            + coalesce(try_cast(line->>'$.total_tax' as decimal(18, 4)), 0) as varchar) as amount,
       updated_at
from lines
