-- Orders of the last 365 days that count, for favourites; apart, so that the wide table of purchases can go before the
-- far longer one of lines comes.
select order_id, customer_no
from purchases
where counts
    and ordered_at >= $year_before
