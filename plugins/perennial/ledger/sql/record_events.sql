-- Keeps what happened to messages, each thing once.
with events as ($events)
insert into message_events (message_key, word, provider, provider_id, code, at, received_at, actor)
select key, word, provider, provider_id, code, at, received_at, actor
from events
where true  -- SQLite would take the next line for a join
order by key, word
on conflict (message_key, word) do nothing
returning message_key, word
