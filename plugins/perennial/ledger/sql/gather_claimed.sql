-- For PostgreSQL: what was claimed comes back in one row, and is not blocked in its day's plan any more.
with moved as (
$moved
),
unblocked as (
    delete from blocks
    where (key, day) in (select key, day from moved)
)
select string_agg(key, ',')
from moved
