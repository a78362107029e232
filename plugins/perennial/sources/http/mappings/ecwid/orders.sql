-- Carts that were left (INCOMPLETE) are no orders; sales to nobody in particular belong to no customer.
select id as order_id,
       customerId as customer_id,
       createDate as ordered_at,
       case
           when paymentStatus = 'REFUNDED' then 'refunded'
           when paymentStatus = 'CANCELLED' or fulfillmentStatus = 'WILL_NOT_DELIVER' then 'cancelled'
           when fulfillmentStatus in ('DELIVERED', 'RETURNED') then 'delivered'
           when fulfillmentStatus in ('SHIPPED', 'OUT_FOR_DELIVERY', 'READY_FOR_PICKUP') then 'shipped'
           when fulfillmentStatus in ('AWAITING_PROCESSING', 'PROCESSING') then 'placed'
           -- A status of the shop's own is kept, so that the checks name it.
           else lower(fulfillmentStatus)
       end as status,
       -- The moment of delivery is not told. The last change is near it, unless the order was touched again much later.
       case
           when fulfillmentStatus in ('DELIVERED', 'RETURNED')
                and try_cast(updateDate as timestamptz)
                    <= try_cast(createDate as timestamptz) + interval 60 day
           then updateDate
       end as delivered_at,
       case when fulfillmentStatus = 'RETURNED' then 'closed' end as return_state,
       (select formatsAndUnits->>'$.currency' from store) as currency,
       cast(coalesce(try_cast(discount as decimal(18, 4)), 0)
            + coalesce(try_cast(couponDiscount as decimal(18, 4)), 0) as varchar) as discount,
       total,
       coalesce(updateDate, createDate) as updated_at
from orders
where customerId is not null and paymentStatus <> 'INCOMPLETE'
