-- One round of finding the people behind accounts: everybody takes the smallest number among those who share an
-- address with them, and then the number which that account had before the round.
--
-- Repeated until nothing changes, this gives every group of connected accounts its smallest number. The second step
-- follows the numbers like pointers, so that a chain of accounts needs rounds by its logarithm, not its length.
with smallest as (
    select shared_keys.key, min(people.person_no) as person_no
    from shared_keys
    join people using (customer_no)
    group by shared_keys.key
),
nearest as (
    select shared_keys.customer_no, min(smallest.person_no) as person_no
    from shared_keys
    join smallest using (key)
    group by shared_keys.customer_no
)
select nearest.customer_no, least(nearest.person_no, people.person_no) as person_no
from nearest
join people on people.customer_no = nearest.person_no
