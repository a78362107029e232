-- Puts an address on the suppression list; each reason once, with the first instant.
insert into suppressions (address_key, channel, reason, since)
values (:address_key, :channel, :reason, :at)
on conflict do nothing
