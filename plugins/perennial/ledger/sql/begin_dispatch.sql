-- Commits the intent before the first byte. Only what the worker still holds moves on, and only if its address has
-- not been suppressed since the claim.
with keys as ($keys)
update messages set
    state = 'dispatching',
    attempts = attempts + 1,
    provider = coalesce(:provider, provider),
    dispatched_at = :clock,
    lease_until = :lease_until
from keys
where messages.key = keys.key
  and messages.state = 'claimed'
  and messages.claimed_by = :worker
  and messages.lease_until > :clock
  and not exists (
      select 1
      from suppressions
      where suppressions.address_key = messages.address_key
        and suppressions.channel = messages.channel
  )
returning messages.key, messages.campaign, messages.day
