-- How often each gap comes among some customers: all that the median of the whole shop needs of them.
select gap, count(*) as gaps
from (select unnest(gap_days) as gap from order_figures) as every_gap
group by gap
