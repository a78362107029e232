-- Ends one reason on one channel, unless it was given at that instant or since.
update suppressions set
    lifted_at = :at
where address_key = :address_key
  and channel = :channel
  and reason = :reason
  and lifted_at is null
  and said_at < :at
