-- The figures of a part's customers whom nothing has stirred, as an earlier day left them.
select earlier.*
from earlier
join accounts using (customer_id)
where not accounts.anew
    and accounts.customer_no > $above and accounts.customer_no <= $upto
