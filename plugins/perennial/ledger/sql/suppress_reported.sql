-- Puts the addresses of messages on the suppression list, since the earliest instant that anything says. What was
-- lifted stands again only if it was reported once more since.
with reported as ($suppressions)
insert into suppressions (address_key, channel, reason, since, said_at)
select messages.address_key, messages.channel, reported.reason, min(reported.at), max(reported.at)
from reported
join messages on messages.key = reported.key
where true  -- SQLite would take the next lines for a join
group by messages.address_key, messages.channel, reported.reason
order by messages.address_key, messages.channel, reported.reason
$stands_again
