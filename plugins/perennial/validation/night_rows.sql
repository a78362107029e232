-- The night's rows of one dataset: one row a key, numbered in the order of the key.
-- Braces are filled in from the contract.
create or replace table night_rows as
with
-- Most keys come once a night; only the others need to be ranked.
several as (
    select {key} from typed_rows group by {key} having count(*) > 1
),
ranked as (
    select typed_rows.*, 1 as version, 1 as copies, 0 as repeats, true as is_only_version
    from typed_rows anti join several using ({key})
    union all
    select
        typed_rows.*,
        row_number() over (
            partition by {key} order by updated_at desc nulls last, day desc, extract desc, position desc
        ) as version,
        count(*) filter (where fresh) over (partition by {key}, content) as copies,
        count(*) over (partition by {key}, content, day, extract) - 1 as repeats,
        min(content) over same_moment = max(content) over same_moment as is_only_version
    from typed_rows semi join several using ({key})
    window same_moment as (partition by {key}, updated_at, day, extract)
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
