-- How often each gap comes in a slice of the customers: all that the median of the whole shop needs of them.
select gap, count(*) as gaps
from gaps
group by gap
