select
    product_id::varchar as product_id,
    coalesce(product_type, 'Product ' || product_id) as name,
    product_category as category,
    department,
    null::decimal(12, 2) as price,
    null::varchar as url,
    timestamptz '2015-01-01 12:00:00+00' as updated_at
from range_of_products
