-- Puts the addresses of messages on the suppression list, since the earliest instant that anything says.
with reported as ($suppressions)
insert into suppressions (address_key, channel, reason, since)
select messages.address_key, messages.channel, reported.reason, min(reported.at)
from reported
join messages on messages.key = reported.key
where true  -- SQLite would take the next lines for a join
group by messages.address_key, messages.channel, reported.reason
order by messages.address_key, messages.channel, reported.reason
on conflict (address_key, channel, reason) do update set
    since = excluded.since
where excluded.since < suppressions.since
