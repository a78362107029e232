-- An event proves that the provider took the message on: a yes, however late, and by whichever way it came. As every
-- late yes (settle.sql), it settles what was begun and has no last answer.
with events as ($events)
update messages set
    state = 'accepted',
    lease_until = null,
    settled_at = events.received_at,
    provider = events.provider,
    provider_id = coalesce(events.provider_id, messages.provider_id),
    code = null,
    not_before = null
from events
where messages.key = events.key
  and messages.attempts > 0
  and messages.state not in ('accepted', 'refused')
