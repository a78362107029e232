with lines as (
    select regexp_extract(id, '[0-9]+$') as order_id,
           updatedAt as updated_at,
           unnest(lineItems::json[]) as line,
           generate_subscripts(lineItems::json[], 1) as line_no
    from order_lines
    where customer is not null
)
select order_id,
       cast(line_no as varchar) as line_no,
       -- Lines that were typed in by hand, or whose product is gone, have a name of their own here.
       coalesce(regexp_extract(line->>'$.product.id', '[0-9]+$'),
                'line-' || regexp_extract(line->>'$.id', '[0-9]+$')) as product_id,
       line->>'$.quantity' as quantity,
       line->>'$.discountedTotalSet.shopMoney.amount' as amount,
       updated_at
from lines
