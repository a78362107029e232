-- The night's rows of one dataset: one row a key, numbered in the order of the key.
-- Braces are filled in from the contract.
create or replace table night_rows as
with ranked as (
{versions}
)
select
    row_number() over (order by {key}, day, extract, position) - 1 as row_no,
    {columns},
    wrong_type, is_only_version, copies, repeats, day, extract, position, fresh
from ranked
-- A row that does not say when it was written is kept, to be put aside with that reason.
where (version = 1 or updated_at is null)
    -- Only rows that waited are held against what was verified before.
    and {in_time}
