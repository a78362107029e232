-- Takes messages for begun that the ledger has forgotten: they are in doubt, and nobody claims them. What it knows
-- stays as it is, and so does a coupon that is another message's.
with presumed as ($presumed),
theirs as (
    select presumed.key
    from presumed
    join messages on messages.coupon_code = presumed.coupon_code
)
insert into messages (
    key, campaign, step, customer_id, person_id, occasion, day, channel, pressure, topic, address_key, mailbox,
    provider, state, attempts, claimed_by, send_at, expires_at, claimed_at, dispatched_at, settled_at,
    coupon_code, coupon_kind, coupon_value, coupon_expires_on
)
select
    presumed.key, campaign, step, customer_id, person_id, occasion, day, channel, pressure, topic, address_key, mailbox,
    provider, 'in_doubt', 1, 'presumed', send_at, expires_at, :at, :at, :at,
    case when theirs.key is null then coupon_code end,
    case when theirs.key is null then coupon_kind end,
    case when theirs.key is null then coupon_value end,
    case when theirs.key is null then coupon_expires_on end
from presumed
left join theirs on theirs.key = presumed.key
where true  -- SQLite would take the next line for a join
order by presumed.key
on conflict (key) do nothing
returning key
