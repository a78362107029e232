-- Writes down the coupons of claimed messages. A message that is claimed again keeps its coupon, with the terms
-- that it now tells.
with rows as ($coupons)
insert into coupons (code, message_key, kind, value, expires_on)
select code, message_key, kind, value, expires_on
from rows
where true  -- SQLite would take the next line for a join
order by code
on conflict (message_key) do update set
    code = excluded.code,
    kind = excluded.kind,
    value = excluded.value,
    expires_on = excluded.expires_on
