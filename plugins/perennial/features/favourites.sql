-- What a slice of the customers buys most, by number of lines.
--
-- Nearly every (customer, product) is a group of its own. A slice of them stays in memory, and most of it in the
-- processor's cache, which is several times faster than grouping all of them at once and spilling.
-- Ties go to the smaller number, and so to the smaller id or name: one line more outweighs any number.
with products as materialized (
    select customer_no, product_no, count(*) as lines
    from bought_lines
    where customer_no > $above and customer_no <= $upto
    group by customer_no, product_no
),
categories as (
    select products.customer_no, assortment.category_no, sum(products.lines)::bigint as lines
    from products
    join assortment using (product_no)
    where assortment.category_no is not null
    group by products.customer_no, assortment.category_no
),
best_product as (
    select customer_no, arg_max(product_no, (lines << 32) - product_no) as product_no
    from products
    group by customer_no
),
best_category as (
    select customer_no, arg_max(category_no, (lines << 32) - category_no) as category_no
    from categories
    group by customer_no
)
select best_product.customer_no, best_product.product_no, best_category.category_no
from best_product
left join best_category using (customer_no)
