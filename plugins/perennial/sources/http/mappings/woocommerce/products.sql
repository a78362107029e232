-- The department is the outermost category above a product's first one.
with recursive above as (
    select id, name, id as top, name as department, parent, 0 as height from categories
    union all
    select above.id, above.name, c.id, c.name, c.parent, height + 1
    from above
    join categories as c on c.id = above.parent
    where height < 20
),
tops as (
    select id, any_value(name) as name, arg_max(department, height) as department from above group by id
)
select products.id as product_id,
       products.name,
       coalesce(tops.name, products.categories->>'$[0].name') as category,
       coalesce(tops.department, products.categories->>'$[0].name') as department,
       nullif(price, '') as price,
       permalink as url,
       coalesce(date_modified_gmt, date_created_gmt) as updated_at
from products
left join tops on tops.id = products.categories->>'$[0].id'
