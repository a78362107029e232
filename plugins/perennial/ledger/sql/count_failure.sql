-- One more batch that never got there.
insert into providers (provider, failures)
values (:provider, 1)
on conflict (provider) do update set
    failures = providers.failures + 1
returning failures
