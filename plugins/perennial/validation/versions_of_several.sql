-- Most keys come once a night; only the others need to be ranked.
with several as (
    select {key} from typed_rows group by {key} having count(*) > 1
)
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
