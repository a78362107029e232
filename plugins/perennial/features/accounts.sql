-- One row a customer: who they are, with a small number that stands for the id in every later step.
--
-- Ten million orders join and group on a four-byte number in half the time and memory that text takes. The numbers
-- follow the order of the ids, so that the smaller number is always the smaller id.
--
-- The figures of their orders are worked out anew for everybody, or for whom something has stirred, and for some others as
-- a spot check.
with numbered as (
    select
        *,
        cast(row_number() over (order by customer_id) as integer) as customer_no,
        cast(floor(epoch(signed_up_at)) as bigint) as second,
        cast(floor(epoch(signed_up_at) / 86400) as integer) as day_no
    from customers
)
select
    customers.customer_no,
    customers.customer_id,
    stirred.customer_id is not null as stirred,
    $everybody
    or stirred.customer_id is not null
    or (customers.customer_no > $checked_above and customers.customer_no <= $checked_upto) as anew,
    customers.language,
    customers.country,
    customers.region,
    coalesce(contacts.zone, $zone) as zone,
    coalesce(contacts.zone_source, 'shop') as zone_source,
    case
        when lower(customers.preferred_channel) in ('email', 'sms', 'whatsapp') then lower(customers.preferred_channel)
    end as preferred_channel,
    customers.birth_date,
    case
        when signup_days.shop_ahead is null then cast(customers.signed_up_at at time zone $zone as date)
        else date '1970-01-01' + cast((customers.second + signup_days.shop_ahead) // 86400 as integer)
    end as signed_up_on
from numbered as customers
left join contacts using (customer_id)
left join (select distinct customer_id from stirred) as stirred using (customer_id)
left join signup_days using (day_no)
