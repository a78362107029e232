-- Gives messages the provider's id from whichever event names it: a late bounce does not. Of several ids the least
-- stands, whichever came first. All events of a message name the same in truth, and what SendGrid's answer to the request
-- named is their common beginning.
with events as ($events)
update messages set
    provider_id = events.provider_id
from events
where messages.key = events.key
  and (
      messages.provider_id is null
      or events.provider_id $bytewise < messages.provider_id
  )
