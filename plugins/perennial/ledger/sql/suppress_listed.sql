-- Puts addresses that a provider lists on the suppression list, since they have been on the provider's. What was lifted
-- stands again only if it got on the provider's list since.
with listed as ($listed)
insert into suppressions (address_key, channel, reason, since, said_at)
select address_key, channel, reason, min(at), max(at)
from listed
where true  -- SQLite would take the next lines for a join
group by address_key, channel, reason
order by address_key, channel, reason
$stands_again
