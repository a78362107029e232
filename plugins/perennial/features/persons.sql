-- The people behind accounts that share an address, by the id of their first account.
select people.customer_no, people.person_no, accounts.customer_id as person_id
from people
join accounts on accounts.customer_no = people.person_no
