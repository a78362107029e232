-- The same under two keys, tonight or within a week: a night that was loaded again with new numbers.
with twins as (
    select first_name, last_name, email, signed_up_at
    from (
        select customer_id, first_name, last_name, email, signed_up_at from night_rows
        union all
        select customer_id, first_name, last_name, email, signed_up_at from recent
    )
    group by all
    having count(distinct customer_id) > 1
)
select
    night_rows.*,
    not exists (
        select 1 from twins
        where twins.first_name = night_rows.first_name
            and twins.last_name = night_rows.last_name
            and twins.email = night_rows.email
            and twins.signed_up_at = night_rows.signed_up_at
    ) as is_only_key
from night_rows
