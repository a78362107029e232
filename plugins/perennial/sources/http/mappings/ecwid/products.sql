-- The department is the outermost category above a product's own.
with recursive above as (
    select id, name, id as top, name as department, parentId as parent, 0 as height from categories
    union all
    select above.id, above.name, c.id, c.name, c.parentId, height + 1
    from above
    join categories as c on c.id = above.parent
    where height < 20
),
tops as (
    select id, any_value(name) as name, arg_max(department, height) as department from above group by id
)
select products.id as product_id,
       products.name,
       tops.name as category,
       tops.department,
       price,
       url,
       coalesce(updated, created) as updated_at
from products
left join tops on tops.id = coalesce(nullif(defaultCategoryId, '0'), categoryIds->>'$[0]')
