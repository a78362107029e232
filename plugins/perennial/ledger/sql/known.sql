-- Which of these messages the ledger knows, and when their last requests began.
with keys as ($keys)
select messages.key, messages.dispatched_at
from keys
join messages on messages.key = keys.key
