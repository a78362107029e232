-- Customers of a part who were worked out although nothing had stirred them, and of whom something else came out than an
-- earlier day had left.
select count(*) as astray
from (
    select earlier.*
    from earlier
    join accounts using (customer_id)
    where accounts.anew and not accounts.stirred
        and accounts.customer_no > $above and accounts.customer_no <= $upto
    except
    select * from order_figures
) as differing
