-- One in a thousand is sold under another name, and one in five thousand in another category.
select * replace (
    name || ', new' as name,
    case when hash(product_id, 'category') % 5 = 0 then 'Seasonal' else category end as category,
    $starts_at::timestamptz - to_hours(8) as updated_at
)
from products
where hash(product_id, 'changed') % 1000 = 0
order by product_id
