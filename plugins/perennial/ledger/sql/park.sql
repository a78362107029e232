-- Keeps reports on messages that this ledger does not know, each once, the earliest.
with events as ($events)
insert into parked_events (message_key, word, provider, at, received_at)
select key, word, provider, at, received_at
from events
where true  -- SQLite would take the next line for a join
order by key, word, provider
on conflict (message_key, word, provider) do update set
    at = excluded.at
where excluded.at < parked_events.at
