-- Puts an address on the suppression list for a reason that was never given before.
insert into suppressions (address_key, channel, reason, since, said_at)
values (:address_key, :channel, :reason, :at, :at)
on conflict do nothing
