-- Commits the intent before the first byte. Only what the worker still holds moves on, and only if since the claim its
-- address has not been suppressed, its campaign has not been stopped, and the person has neither taken back their
-- consent nor asked for a pause.
with keys as ($keys),
-- The last command to each campaign, or to everything (*), stands.
halted as (
    select campaign
    from controls
    where control in ('pause', 'stop')
      and not exists (
          select 1
          from controls as later
          where later.campaign = controls.campaign
            and later.id > controls.id
      )
)
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
  and messages.campaign not in (select campaign from halted)
  and not exists (select 1 from halted where campaign = '*')
  and $welcome_messages
returning messages.key, messages.campaign, messages.day
