-- Records why messages may not leave; the latest reason of a day stands, but that it is too late by now explains
-- nothing where there was a reason before.
with rows as ($blocks)
insert into blocks (key, day, campaign, reason, blocked_at)
select key, day, campaign, reason, :now
from rows
where true  -- SQLite would take the next line for a join
order by key
on conflict (key, day) do update set
    reason = excluded.reason,
    blocked_at = excluded.blocked_at
where excluded.reason <> 'expired'
