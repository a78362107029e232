-- The median gap of the whole shop, for customers whose own rhythm is not known yet; 30 days before there is any.
select coalesce(quantile_cont(gap, 0.5), 30) as median_gap
from gaps
