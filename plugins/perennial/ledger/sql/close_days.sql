-- Forgets the days on which nothing is left to be answered. Runs after the expired requests were abandoned, with the
-- days locked.
delete from dispatch_days
where lease_until <= :clock
  and not exists (
      select 1
      from messages
      where messages.campaign = dispatch_days.campaign
        and messages.day = dispatch_days.day
        and messages.state in ('dispatching', 'in_doubt')
  )
