-- Records who is held out, once for each message that they would have had.
with rows as ($hold_outs)
insert into hold_outs (key, campaign, step, customer_id, person_id, occasion, day, recorded_at)
select key, campaign, step, customer_id, person_id, occasion, day, :now
from rows
where true  -- SQLite would take the next line for a join
order by key
on conflict (key) do nothing
returning key
