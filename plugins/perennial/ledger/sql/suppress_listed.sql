-- Puts addresses that a provider lists on the suppression list, since they have been on the provider's. What was lifted
-- stands again only if it got on the provider's list since.
with listed as ($listed)
insert into suppressions (address_key, channel, reason, since, said_at)
select address_key, channel, reason, min(at), max(at)
from listed
where true  -- SQLite would take the next lines for a join
group by address_key, channel, reason
order by address_key, channel, reason
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
