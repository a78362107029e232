-- Of several reports on the same thing, one person's is enough: somebody read, whatever machine did so before or since.
-- ('person' comes after 'machine' in every language's order.)
with events as ($events)
update message_events set
    actor = events.actor
from events
where message_events.message_key = events.key
  and message_events.word = events.word
  and (message_events.actor is null or message_events.actor < events.actor)
