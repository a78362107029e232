-- Guests have no account (customer 0), drafts of the checkout are no orders.
select id as order_id,
       customer_id,
       date_created_gmt as ordered_at,
       case status
           when 'pending' then 'placed'
           when 'on-hold' then 'placed'
           when 'processing' then 'placed'
           when 'completed' then 'delivered'
           when 'cancelled' then 'cancelled'
           when 'failed' then 'cancelled'
           when 'trash' then 'cancelled'
           when 'refunded' then 'refunded'
           -- A status that a plugin brought is kept, so that the checks name it.
           else status
       end as status,
       case when status = 'completed' then date_completed_gmt end as delivered_at,
       currency,
       discount_total as discount,
       total,
       coalesce(date_modified_gmt, date_created_gmt) as updated_at
from orders
where customer_id <> '0' and status not in ('checkout-draft', 'auto-draft')
