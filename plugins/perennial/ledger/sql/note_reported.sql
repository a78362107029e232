-- Notes how far a provider's reports have come: the start of the latest request that it reported on. Only a request
-- whose start is known for sure counts: not that of a message that was begun twice, or that was presumed sent. Who
-- has nothing to add does not wait for the row.
with events as ($events),
reported as (
    select messages.provider, max(messages.dispatched_at) as events_until
    from events
    join messages on messages.key = events.key and messages.provider = events.provider
    where messages.attempts = 1
      and messages.claimed_by <> 'presumed'
    group by messages.provider
)
insert into providers (provider, failures, events_until)
select reported.provider, 0, reported.events_until
from reported
where not exists (
    select 1
    from providers
    where providers.provider = reported.provider
      and providers.events_until >= reported.events_until
)
order by reported.provider
on conflict (provider) do update set
    events_until = excluded.events_until
where providers.events_until is null or providers.events_until < excluded.events_until
