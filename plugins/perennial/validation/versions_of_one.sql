-- No key comes twice: each row is the only version of itself.
select typed_rows.*, 1 as version, 1 as copies, 0 as repeats, true as is_only_version
from typed_rows
