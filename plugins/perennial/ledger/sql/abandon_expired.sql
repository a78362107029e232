-- A request that began and was never answered before its lease ended may have been processed: nobody knows.
update messages set
    state = 'in_doubt',
    lease_until = null,
    settled_at = :clock
where state = 'dispatching'
  and lease_until <= :clock
