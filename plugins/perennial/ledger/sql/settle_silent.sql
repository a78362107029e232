-- Declares not accepted what a provider has said nothing about for long enough, while it reported on a request that
-- began later: so its reports flow, and would have come. What was presumed sent is left alone: reports on it may have
-- come before they were forgotten.
update messages set
    state = 'retryable',
    settled_at = :now,
    code = null,
    not_before = null
where (campaign, day) in (select campaign, day from dispatch_days)
  and state = 'in_doubt'
  and provider = :provider
  and claimed_by <> 'presumed'
  and dispatched_at <= :silent_since
  and dispatched_at < (select events_until from providers where provider = :provider)
  and not exists (select 1 from message_events where message_key = messages.key)
returning key
