-- What the shop says of the moved customers' orders and points on the one side and not on the other.
--
-- Reads orders_before, orders_after, points_before, points_after (rows of the moved customers as known on each side),
-- $starts_before and $starts_after (when the day of each side began). What happened later counts on neither side.
with orders_seen as (
    select
        coalesce(after.customer_id, before.customer_id) as customer_id,
        order_id,
        before.customer_id is null as was_unknown,
        after.customer_id is null as is_unknown,
        after.ordered_at < $starts_before as is_of_before,
        before.status as status_before,
        after.status as status_after,
        after.ordered_at is distinct from before.ordered_at as is_redated,
        row(after.total, after.discount, after.currency) is distinct from row(before.total, before.discount, before.currency)
            as is_repriced,
        after.return_state is distinct from before.return_state as is_coming_back,
        case when after.status = 'delivered' and after.delivered_at < $starts_after then after.delivered_at end
            is distinct from case
                when before.status = 'delivered' and before.delivered_at < $starts_before then before.delivered_at
            end as is_delivered
    from (select * from orders_before where ordered_at < $starts_before) as before
    full join (select * from orders_after where ordered_at < $starts_after) as after using (order_id, customer_id)
),
points_seen as (
    select
        coalesce(after.customer_id, before.customer_id) as customer_id,
        entry_id,
        before.customer_id is null as was_unknown,
        after.happened_at < $starts_before as is_of_before,
        row(before.kind, before.points, before.expires_on) as said_before,
        row(after.kind, after.points, after.expires_on) as said_after
    from (select * from points_before where happened_at < $starts_before) as before
    full join (select * from points_after where happened_at < $starts_after) as after using (entry_id, customer_id)
)
select
    customer_id,
    case
        when is_unknown then 'missing_order'
        when status_after = 'refunded' and status_before is distinct from 'refunded' then 'refunded_order'
        when status_after = 'cancelled' and status_before is distinct from 'cancelled' then 'cancelled_order'
        when was_unknown and is_of_before then 'late_order'
        when was_unknown then 'new_order'
        when status_before in ('cancelled', 'refunded') and status_after <> status_before or is_redated then 'corrected_order'
        when is_repriced then 'corrected_sum'
        when is_coming_back then 'returned_order'
        when is_delivered then 'delivered_order'
    end as cause,
    order_id as id
from orders_seen
where cause is not null and not (was_unknown and status_after = 'cancelled')
union all
select
    customer_id,
    case when was_unknown and is_of_before then 'late_points' when was_unknown then 'new_points' else 'corrected_points' end,
    entry_id
from points_seen
where said_before is distinct from said_after
order by all
