-- The accounts that share an address with another, each at first a person of its own: see people_round.sql.
select distinct customer_no, customer_no as person_no
from shared_keys
