-- Keeps why doubts were settled without an answer.
with keys as ($keys)
insert into rulings (message_key, state, ruled_by, reason, at)
select key, :state, :ruled_by, :reason, :at
from keys
order by key
