-- Every line of the last 365 days' purchases: who bought what.
select purchases.customer_no, assortment.product_no
from order_lines
join purchases using (order_id)
join assortment using (product_id)
where purchases.counts
    and purchases.ordered_on >= $day - 365
