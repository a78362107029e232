-- Keeps what customers said about being written to; the same words told twice are kept once.
with told as ($consents)
insert into consents (person_id, customer_id, channel, topic, state, at, how, wording, proof, recorded_at)
select person_id, customer_id, channel, topic, state, at, how, wording, proof, recorded_at
from told
where true  -- SQLite would take the next line for a join
on conflict do nothing
