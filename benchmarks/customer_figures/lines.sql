-- The real baskets' lines, at most so many a basket.
select
    baskets.basket_no,
    (row_number() over (partition by basket_no order by product_id))::int as line_no,
    product_id::varchar as product_id,
    greatest(quantity, 1) as quantity,
    sales_value::decimal(12, 2) as amount
from transactions
join baskets using (basket_id)
qualify line_no <= $lines
