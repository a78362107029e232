-- Gives back what was claimed and never on the wire, at once instead of when the lease ends.
with keys as ($keys)
update messages set
    state = 'retryable',
    lease_until = null
from keys
where messages.key = keys.key
  and messages.state = 'claimed'
  and messages.claimed_by = :worker
