-- Writes down how many batches a worker may have on the wire, and until when.
insert into provider_workers (provider, worker, at_once, lease_until)
values (:provider, :worker, :at_once, :lease_until)
on conflict (provider, worker) do update set
    at_once = excluded.at_once,
    lease_until = excluded.lease_until
