-- What people told us about themselves: the last word of any of their accounts, about each thing. It goes before what the
-- shop has on record.
with said as (
    select
        coalesce(people.person_no, accounts.customer_no) as person_no,
        preferences.preference,
        arg_max_null(preferences.value, (preferences.since, preferences.customer_id)) as value
    from preferences
    join accounts using (customer_id)
    left join people using (customer_no)
    group by all
)
select
    person_no,
    max(value) filter (where preference = 'language') as language,
    max(try_cast(value as date)) filter (where preference = 'birth_date') as birth_date
from said
group by person_no
