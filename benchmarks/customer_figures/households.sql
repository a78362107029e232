-- Real households, numbered from 0, with how many baskets each brought home, and how many all before it did.
select
    household_id,
    (row_number() over (order by household_id) - 1)::integer as household_no,
    count(distinct basket_id)::integer as baskets,
    (sum(count(distinct basket_id)) over (order by household_id) - count(distinct basket_id))::integer as baskets_before
from transactions
group by household_id
