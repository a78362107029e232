-- Every value of the night's rows as the contract's type; kept, so that what follows need not be planned with all the casts.
-- Braces are filled in from the contract by casting.py; `said` and `waiting` are views over the lake.
create or replace table typed_rows as
with texts as (
    select *, true as fresh from said
    union all by name
    -- Put aside by an earlier night because what they refer to was missing; it may have come since.
    select * exclude (retry_until), false as fresh from waiting where retry_until >= $day
),
heard as (
    select
        {said_columns},
        day, extract, position, fresh
    from texts
),
read as (
    select
        {read_columns},
        *
    from heard
),
typed as (
    select
        {typed_columns},
        hash(*columns('^said_')) as content,
        columns('^said_'),
        day, extract, position, fresh
    from read
)
-- In a step of its own: named where it is made, each column's long expression would be planned once more.
select
    {columns},
    content,
    {wrong_type} as wrong_type,
    day, extract, position, fresh
from typed
