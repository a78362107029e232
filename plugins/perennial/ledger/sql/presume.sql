-- Takes messages for begun that the ledger has forgotten: they are in doubt, and nobody claims them. What it knows
-- stays as it is.
with presumed as ($presumed)
insert into messages (
    key, campaign, step, customer_id, person_id, occasion, day, channel, pressure, address_key, provider,
    state, attempts, claimed_by, send_at, expires_at, claimed_at, dispatched_at, settled_at
)
select
    key, campaign, step, customer_id, person_id, occasion, day, channel, pressure, address_key, provider,
    'in_doubt', 1, 'presumed', send_at, expires_at, :at, :at, :at
from presumed
where true  -- SQLite would take the next line for a join
order by key
on conflict (key) do nothing
returning key
