-- Gives back what the worker holds but may not send any more, because the address was suppressed after the claim.
with keys as ($keys)
update messages set
    state = 'retryable',
    lease_until = null
from keys
where messages.key = keys.key
  and messages.state = 'claimed'
  and messages.claimed_by = :worker
  and exists (
      select 1
      from suppressions
      where suppressions.address_key = messages.address_key
        and suppressions.channel = messages.channel
        and suppressions.lifted_at is null
  )
returning messages.key, messages.day, messages.campaign
