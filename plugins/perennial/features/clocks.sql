-- The zones that customers live by, as numbers, and how many there are; the shop's is among them.
select cast(row_number() over (order by zone) as integer) as clock_no, zone, cast(count(*) over () as integer) as clocks
from (select zone from accounts union select $zone as zone)
