-- Says of each candidate that was not claimed whether it is taken or blocked, and why; in the same transaction as
-- the claim. What is not due yet, or waits to be tried again, is neither.
with candidates as ($candidates),
judged as (
    select
        candidates.key,
        case
            when messages.state in ('dispatching', 'accepted', 'refused', 'in_doubt') then 'taken'
            when messages.state = 'claimed' and messages.lease_until > :clock then 'taken'
            when candidates.send_at > :now then 'later'
            when candidates.expires_at <= :now then 'expired'
            when (
$unwanted_candidates
            ) is not null then (
$unwanted_candidates
            )
            when messages.not_before > :now then 'later'
            when exists (
                select 1
                from messages as other
                where other.coupon_code = candidates.coupon_code
                  and other.key <> candidates.key
            ) then 'incomplete_data'
            -- The only thing left that keeps a free message from being claimed.
            else 'capped'
        end as verdict
    from candidates
    left join messages on messages.key = candidates.key
)
select key, verdict
from judged
where verdict <> 'later'
