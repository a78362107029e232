-- Products as numbers, in the order of their ids; categories in the order of their names. What the shop keeps discreet
-- is nobody's favourite.
select
    cast(row_number() over (order by product_id) as integer) as product_no,
    cast(case when category <> '' then dense_rank() over (order by nullif(category, '') nulls last) end as integer)
        as category_no,
    product_id,
    name,
    category
from products
where not coalesce(list_contains($discreet, department), false)
