-- The same under two keys, tonight or within a week: a night that was loaded again with new numbers.
with twins as (
    select customer_id, kind, points, happened_at
    from (
        select entry_id, customer_id, kind, points, happened_at from night_rows
        union all
        select entry_id, customer_id, kind, points, happened_at from recent
    )
    group by all
    having count(distinct entry_id) > 1
),
-- Of all that is known, what the night names: it is little, and looked up again and again.
customers_found as (
    select customer_id from known_customers semi join night_rows using (customer_id)
)
-- What is not known counts as right here; that a value is there at all is a rule of its own.
select
    night_rows.*,
    not exists (
        select 1 from twins
        where twins.customer_id = night_rows.customer_id
            and twins.kind = night_rows.kind
            and twins.points = night_rows.points
            and twins.happened_at = night_rows.happened_at
    ) as is_only_key,
    night_rows.customer_id is null or exists (
        select 1 from customers_found where customers_found.customer_id = night_rows.customer_id
    ) as customer_is_known,
    coalesce(
        case kind
            when 'earned' then points > 0
            when 'redeemed' then points < 0
            when 'expired' then points < 0
            when 'adjusted' then points <> 0
        end,
        true
    ) as sign_fits_kind,
    coalesce(kind <> 'earned' or expires_on is not null, true) as expiry_is_given,
    coalesce(
        kind <> 'earned' or expires_on >= (happened_at at time zone $zone)::date, true
    ) as expires_after_earning
from night_rows
