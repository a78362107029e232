-- Gives back what the worker holds but may not send any more, because of what became known after the claim.
with keys as ($keys)
update messages set
    state = 'retryable',
    lease_until = null
from keys
where messages.key = keys.key
  and messages.state = 'claimed'
  and messages.claimed_by = :worker
  and (
$unwanted_messages
  ) is not null
returning messages.key, messages.day, messages.campaign, (
$unwanted_messages
) as reason
