select regexp_extract(id, '[0-9]+$') as product_id,
       title as name,
       coalesce(nullif(productType, ''), category->>'$.name') as category,
       nullif(split_part(coalesce(category->>'$.fullName', productType), ' > ', 1), '') as department,
       priceRangeV2->>'$.minVariantPrice.amount' as price,
       onlineStoreUrl as url,
       updatedAt as updated_at
from products
