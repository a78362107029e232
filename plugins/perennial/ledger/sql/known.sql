-- Which of these messages the ledger knows.
with keys as ($keys)
select messages.key
from keys
join messages on messages.key = keys.key
