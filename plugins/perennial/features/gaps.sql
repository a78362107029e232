-- Days between one day with an order and the next, for every customer of a slice.
--
-- Two orders on one day lie 0 days apart; leaving those rows out gives the gaps between distinct days.
select customer_no, ordered_on, cast(date_diff('day', previous, ordered_on) as integer) as gap
from (
    select
        customer_no,
        ordered_on,
        lag(ordered_on) over (partition by customer_no order by ordered_on) as previous
    from dated
    where counts
)
where ordered_on > previous
