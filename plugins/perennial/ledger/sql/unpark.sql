-- Takes out what was parked about messages that have become known.
with keys as ($keys)
delete from parked_events
where message_key in (select key from keys)
returning message_key, word, provider, at, received_at
