-- Of several reports on the same thing, the earliest stands, whichever came first; the rest of the comparison only
-- makes sure that two reports of one instant come out the same in any order.
with events as ($events)
update message_events set
    provider = events.provider,
    provider_id = events.provider_id,
    code = events.code,
    at = events.at
from events
where message_events.message_key = events.key
  and message_events.word = events.word
  and (
      events.at,
      events.provider $bytewise,
      coalesce(events.provider_id, '') $bytewise,
      coalesce(events.code, '') $bytewise
  ) < (
      message_events.at,
      message_events.provider,
      coalesce(message_events.provider_id, ''),
      coalesce(message_events.code, '')
  )
returning message_events.message_key, message_events.word
