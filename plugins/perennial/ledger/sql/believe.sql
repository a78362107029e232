-- An event proves that the provider took the message on: a yes, however late. As every late yes (settle.sql), it
-- settles what has no last answer; even what was never begun here, for then this ledger has forgotten that it was.
with events as ($events)
update messages set
    state = 'accepted',
    attempts = case when attempts = 0 then 1 else attempts end,
    claimed_by = case when attempts = 0 then 'presumed' else claimed_by end,
    dispatched_at = coalesce(dispatched_at, events.at),
    lease_until = null,
    settled_at = events.received_at,
    provider = coalesce(messages.provider, events.provider),
    provider_id = coalesce(events.provider_id, messages.provider_id),
    code = null,
    not_before = null
from events
where messages.key = events.key
  and messages.state not in ('accepted', 'refused')
