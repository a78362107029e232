-- A provider that was never asked before.
insert into providers (provider, failures)
values (:provider, 0)
on conflict do nothing
