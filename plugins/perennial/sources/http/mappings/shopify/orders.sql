-- Sales to nobody in particular belong to no customer; test orders were never paid.
with parcels as (
    select *, list_filter(fulfillments::json[], lambda f: f->>'$.status' = 'SUCCESS') as sent from orders
)
select regexp_extract(id, '[0-9]+$') as order_id,
       regexp_extract(customer->>'$.id', '[0-9]+$') as customer_id,
       createdAt as ordered_at,
       case
           when cancelledAt is not null then 'cancelled'
           when displayFinancialStatus = 'REFUNDED' then 'refunded'
           when displayFinancialStatus in ('VOIDED', 'EXPIRED') then 'cancelled'
           when displayFulfillmentStatus = 'FULFILLED' and len(sent) > 0
                and len(list_filter(sent, lambda f: (f->>'$.deliveredAt') is null)) = 0 then 'delivered'
           when displayFulfillmentStatus in ('FULFILLED', 'PARTIALLY_FULFILLED') then 'shipped'
           when displayFulfillmentStatus in ('UNFULFILLED', 'OPEN', 'IN_PROGRESS', 'ON_HOLD', 'SCHEDULED',
                'PENDING_FULFILLMENT', 'REQUEST_DECLINED', 'RESTOCKED', 'FULFILLMENT_NOT_REQUIRED') then 'placed'
           -- A status that Shopify adds is kept, so that the checks name it.
           else lower(displayFulfillmentStatus)
       end as status,
       case
           when displayFulfillmentStatus = 'FULFILLED' and len(sent) > 0
                and len(list_filter(sent, lambda f: (f->>'$.deliveredAt') is null)) = 0
           then list_max(list_transform(sent, lambda f: f->>'$.deliveredAt'))
       end as delivered_at,
       case
           when returnStatus in ('RETURN_REQUESTED', 'IN_PROGRESS') then 'open'
           when returnStatus in ('RETURNED', 'INSPECTION_COMPLETE', 'RETURN_FAILED') then 'closed'
       end as return_state,
       totalPriceSet->>'$.shopMoney.currencyCode' as currency,
       coalesce(totalDiscountsSet->>'$.shopMoney.amount', '0') as discount,
       totalPriceSet->>'$.shopMoney.amount' as total,
       updatedAt as updated_at
from parcels
where customer is not null and coalesce(test, 'false') <> 'true'
