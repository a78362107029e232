-- Claims what may leave now, in the order given. The insert is the claim: the unique key lets one worker have a
-- message. Runs under the ledger's lock, so that what is counted here is still true when it is written.
with candidates as ($candidates),
limits as ($limits),
-- What may be claimed at all: due, not too late, not suppressed, and in nobody's hands.
free as (
    select candidates.*
    from candidates
    left join messages on messages.key = candidates.key
    where candidates.send_at <= :now
      and candidates.expires_at > :now
      and (
          messages.key is null
          or messages.state = 'retryable' and coalesce(messages.not_before, :now) <= :now
          or messages.state = 'claimed' and messages.lease_until <= :clock
      )
      and not exists (
          select 1
          from suppressions
          where suppressions.address_key = candidates.address_key
            and suppressions.channel = candidates.channel
      )
      and not exists (
          select 1
          from coupons
          where coupons.code = candidates.coupon_code
            and coupons.message_key <> candidates.key
      )
),
-- How many more messages each person may get: what the tightest of the limits leaves. An answer that has not come
-- yet counts as a yes.
room as materialized (
    select
        free.*,
        (
            select min(limits.most - (
                select count(*)
                from messages
                where messages.person_id = free.person_id
                  and messages.claimed_at > limits.since
                  and messages.pressure = free.pressure
                  and messages.state in ('claimed', 'dispatching', 'accepted', 'in_doubt')
                  and messages.key <> free.key
            ))
            from limits
            where limits.pressure = free.pressure
        ) as room
    from free
),
-- Two candidates for one person, or with one coupon code, in one batch: the first one given goes first.
queued as (
    select
        room.*,
        row_number() over (partition by person_id, pressure order by turn) as place,
        row_number() over (partition by coalesce(coupon_code, key) order by turn) as code_place
    from room
    where room > 0
)
insert into messages (
    key, campaign, step, customer_id, person_id, occasion, day, channel, pressure, address_key,
    state, attempts, claimed_by, lease_until, send_at, expires_at, claimed_at
)
select
    key, campaign, step, customer_id, person_id, occasion, day, channel, pressure, address_key,
    'claimed', 0, :worker, :lease_until, send_at, expires_at, :now
from queued
where place <= room
  and code_place = 1
order by key
on conflict (key) do update set
    person_id = excluded.person_id,
    day = excluded.day,
    channel = excluded.channel,
    pressure = excluded.pressure,
    address_key = excluded.address_key,
    state = 'claimed',
    claimed_by = excluded.claimed_by,
    lease_until = excluded.lease_until,
    send_at = excluded.send_at,
    expires_at = excluded.expires_at,
    claimed_at = excluded.claimed_at,
    code = null,
    not_before = null
where messages.state = 'retryable' and coalesce(messages.not_before, :now) <= :now
   or messages.state = 'claimed' and messages.lease_until <= :clock
returning messages.key
