-- Claims what may leave now and was never claimed before. The insert is the claim: the unique key lets one worker
-- have a message, and the unique code keeps a coupon to one message. Runs under the ledger's lock, so that what is
-- counted here is still true when it is written. No two candidates share a limit.
with candidates as ($candidates)
insert into messages (
    key, campaign, step, customer_id, person_id, occasion, day, channel, pressure, topic, address_key, mailbox,
    state, attempts, claimed_by, lease_until, send_at, expires_at, claimed_at,
    coupon_code, coupon_kind, coupon_value, coupon_expires_on
)
select
    key, campaign, step, customer_id, person_id, occasion, day, channel, pressure, topic, address_key, mailbox,
    'claimed', 0, :worker, :lease_until, send_at, expires_at, :now,
    coupon_code, coupon_kind, coupon_value, coupon_expires_on
from candidates
where (
$may_leave
)
on conflict do nothing
returning key, day
