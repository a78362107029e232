-- Settles doubts as a person says. Who was asked to carry a message may be unknown: its worker died too early.
with keys as ($keys)
update messages set
    state = :state,
    settled_at = :at,
    provider = coalesce(provider, 'unknown'),
    not_before = null
from keys
where messages.key = keys.key
  and messages.state = 'in_doubt'
returning messages.key
