-- Notes on which days messages may be on the wire, so that those left behind are found without reading the whole
-- table.
with rows as ($days)
insert into dispatch_days (campaign, day, lease_until)
select campaign, day, :lease_until
from rows
where true  -- SQLite would take the next line for a join
order by campaign, day
on conflict (campaign, day) do update set
    lease_until = case
        when dispatch_days.lease_until > excluded.lease_until then dispatch_days.lease_until
        else excluded.lease_until
    end
