-- A message that is claimed for a day's plan is not blocked in it any more.
with keys as ($keys)
delete from blocks
where (key, day) in (
    select messages.key, messages.day
    from keys
    join messages on messages.key = keys.key
)
