-- Notes when a reason was given last, so that a lifting from before that does not end it.
update suppressions set
    since = case when said_at is null then :at else since end,
    said_at = :at
where address_key = :address_key
  and channel = :channel
  and reason = :reason
  and (said_at is null or said_at < :at)
