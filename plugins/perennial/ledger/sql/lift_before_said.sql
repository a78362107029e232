-- Keeps a lifting of what is not known yet, or was lifted before: a report on something earlier that comes late is
-- then known to be old news.
insert into suppressions (address_key, channel, reason, since, lifted_at)
values (:address_key, :channel, :reason, :at, :at)
on conflict (address_key, channel, reason) do update set
    lifted_at = excluded.lifted_at
where suppressions.lifted_at < excluded.lifted_at
