-- One line for each row that is not accepted: why, and until when it is looked at again.
-- A row is looked at again only when every rule that it breaks allows it.
create or replace table failed_rows as
select
    row_no,
    string_agg(
        case when names_columns then rule || '(' || wrong_type || ')' else rule end, '; ' order by rank
    ) as reason,
    case when bool_and(retry_nights is not null) then ($day + min(retry_nights))::date end as retry_until
from broken
join rules using (rank)
join judged_rows using (row_no)
group by row_no
