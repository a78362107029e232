-- Their real baskets, numbered from 0 within the household.
select
    household_no,
    row_number() over (partition by household_no order by basket_id) - 1 as basket_no,
    basket_id,
    sum(sales_value)::decimal(12, 2) as total,
    least(sum(retail_disc), 40)::decimal(12, 2) as discount
from transactions
join households using (household_id)
group by household_no, basket_id
