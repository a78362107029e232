-- Records the providers' answers. An accepted or refused message never changes again; a late yes to an earlier
-- request is believed even after the message was thought to be free, so that it is not sent once more.
with receipts as ($receipts)
update messages set
    state = receipts.state,
    lease_until = null,
    settled_at = :now,
    provider = receipts.provider,
    provider_id = coalesce(receipts.provider_id, messages.provider_id),
    code = receipts.code,
    not_before = case when receipts.state = 'retryable' then receipts.not_before end
from receipts
where messages.key = receipts.key
  and (
      receipts.state = 'accepted'
      and messages.attempts > 0
      and messages.state not in ('accepted', 'refused')
      -- Anything but a yes counts for the request that it answers and for no other: not when another worker has
      -- begun the message again since, and, where it is evidence about a doubt, not when the doubt is over.
      or messages.state = 'dispatching'
      and not :evidence
      and (cast(:worker as text) is null or messages.claimed_by = :worker)
      or messages.state = 'in_doubt'
      and receipts.state <> 'in_doubt'
      and (cast(:worker as text) is null or messages.claimed_by = :worker)
  )
