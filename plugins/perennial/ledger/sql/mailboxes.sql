-- Who runs the mailboxes that some messages went to.
with keys as ($keys)
select messages.key, messages.mailbox
from messages
join keys on keys.key = messages.key
