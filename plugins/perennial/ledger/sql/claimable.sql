-- Which candidates claim.sql or claim_again.sql would claim now: they may leave, nobody has them, and their coupons are
-- free. Only they take room in a budget.
with candidates as ($candidates)
select candidates.key
from candidates
left join messages on messages.key = candidates.key
where (
    messages.key is null
    or messages.state = 'retryable' and coalesce(messages.not_before, :now) <= :now
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
