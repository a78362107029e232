-- A request that began and was never answered before its lease ended may have been processed: nobody knows.
update messages set
    state = 'in_doubt',
    lease_until = null,
    settled_at = :clock
where (campaign, day) in (select campaign, day from dispatch_days)
  and state = 'dispatching'
  and lease_until <= :clock
