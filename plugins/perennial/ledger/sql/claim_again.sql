-- Claims once more what may leave now and is free: it was surely not processed, or its worker let the lease end
-- without beginning.
with candidates as ($candidates)
update messages set
    person_id = candidates.person_id,
    day = candidates.day,
    channel = candidates.channel,
    pressure = candidates.pressure,
    topic = candidates.topic,
    address_key = candidates.address_key,
    mailbox = candidates.mailbox,
    state = 'claimed',
    claimed_by = :worker,
    lease_until = :lease_until,
    send_at = candidates.send_at,
    expires_at = candidates.expires_at,
    claimed_at = :now,
    code = null,
    not_before = null,
    -- It keeps its coupon, with the terms that it now tells.
    coupon_code = coalesce(candidates.coupon_code, messages.coupon_code),
    coupon_kind = coalesce(candidates.coupon_kind, messages.coupon_kind),
    coupon_value = coalesce(candidates.coupon_value, messages.coupon_value),
    coupon_expires_on = coalesce(candidates.coupon_expires_on, messages.coupon_expires_on)
from candidates
where messages.key = candidates.key
  and (
      messages.state = 'retryable' and coalesce(messages.not_before, :now) <= :now
      or messages.state = 'claimed' and messages.lease_until <= :clock
  )
  and (
$may_leave
  )
  and not exists (
      select 1
      from messages as other
      where other.coupon_code = candidates.coupon_code
        and other.key <> candidates.key
  )
returning messages.key, messages.day
