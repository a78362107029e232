-- The coupons of messages that are presumed sent may be in people's hands.
with rows as ($coupons)
insert into coupons (code, message_key, kind, value, expires_on)
select code, message_key, kind, value, expires_on
from rows
where true  -- SQLite would take the next line for a join
order by code
on conflict do nothing
