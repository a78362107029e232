-- How many messages of a campaign's day are in each state, or blocked for each reason.
with standing as ($standing)
select state, reason, count(*) as messages
from standing
group by state, reason
order by state, reason
