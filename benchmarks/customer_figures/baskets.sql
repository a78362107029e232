-- Their real baskets, numbered from 0, household after household.
select
    (row_number() over (order by household_id, basket_id) - 1)::integer as basket_no,
    basket_id,
    sum(sales_value)::decimal(12, 2) as total,
    least(sum(retail_disc), 40)::decimal(12, 2) as discount
from transactions
group by household_id, basket_id
