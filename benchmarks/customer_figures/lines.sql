-- The real baskets' lines, at most so many a basket.
select
    basket_id,
    (row_number() over (partition by basket_id order by product_id))::int as line_no,
    product_id::varchar as product_id,
    greatest(quantity, 1) as quantity,
    sales_value::decimal(12, 2) as amount
from transactions
qualify line_no <= $lines
