-- Real households, numbered from 0, with how many baskets each brought home.
select
    household_id,
    row_number() over (order by household_id) - 1 as household_no,
    count(distinct basket_id) as baskets
from transactions
group by household_id
