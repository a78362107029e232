-- A column of customer_features: once for every new value, as long as the campaign's `where` holds.
--
-- Reads members. The column, and the facts that `where` looks at, are put in their places by memberships.py.
select
    customer_id,
    cast("{column}" as varchar) as occasion,
    null::date as open_until,
    json_object({facts}) as why
from members
where "{column}" is not null
