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
on conflict (address_key, channel, reason) do update set
    since = case
        when suppressions.lifted_at is not null then excluded.said_at
        when excluded.since < suppressions.since then excluded.since
        else suppressions.since
    end,
    said_at = case
        when suppressions.said_at > excluded.said_at then suppressions.said_at
        else excluded.said_at
    end,
    lifted_at = case when suppressions.lifted_at > excluded.said_at then suppressions.lifted_at end
where excluded.since < suppressions.since
   or suppressions.said_at is null
   or suppressions.said_at < excluded.said_at
