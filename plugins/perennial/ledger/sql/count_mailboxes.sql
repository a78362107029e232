-- Adds what was sent, came back or was marked in an hour. What a person has lifted stays lifted until the hour is over.
with rows as ($mailbox_counts)
insert into mailbox_hours (mailbox, hour, sent, bounced, complained)
select mailbox, hour, sent, bounced, complained
from rows
where true  -- SQLite would take the next line for a join
order by mailbox
on conflict (mailbox, hour) do update set
    sent = mailbox_hours.sent + excluded.sent,
    bounced = mailbox_hours.bounced + excluded.bounced,
    complained = mailbox_hours.complained + excluded.complained
