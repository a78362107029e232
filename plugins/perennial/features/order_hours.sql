-- The hour of the day at which a customer of a slice orders most, on the customer's clock; of several, the earliest.
select customer_no, cast(arg_max(hour, orders * 24 - hour) as utinyint) as usual_order_hour
from (
    select customer_no, hour, count(*) as orders
    from dated
    where counts
    group by customer_no, hour
)
group by customer_no
