-- A reason that was lifted stands again, if it is given once more since.
update suppressions set
    since = :at,
    said_at = :at,
    lifted_at = null
where address_key = :address_key
  and channel = :channel
  and reason = :reason
  and lifted_at <= :at
