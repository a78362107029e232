-- Products that are nobody's favourite any more, or may be now, or belong to another category than on an earlier day.
select coalesce(assortment.product_id, before.product_id) as product_id
from assortment
full join increment as before on before.product_id = assortment.product_id
where before.product_id is null
    or assortment.product_id is null
    or assortment.category is distinct from before.category
