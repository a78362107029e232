-- Two sides of the same audiences, and the rows of the shop behind them.
--
-- Reads memberships_before, memberships_after, features_before, features_after, $campaign (nothing: all of them).
-- Writes moves: one row a campaign and customer who is not in its audience on both sides, or not on the same occasion,
-- or not as the same person. When somebody has several occasions, all of them count.
create or replace temp table moves as
with before as (
    select campaign, customer_id, any_value(person_id) as person_id, list(occasion order by occasion) as occasions
    from memberships_before
    where $campaign is null or campaign = $campaign
    group by all
),
after as (
    select campaign, customer_id, any_value(person_id) as person_id, list(occasion order by occasion) as occasions
    from memberships_after
    where $campaign is null or campaign = $campaign
    group by all
)
select
    campaign,
    customer_id,
    case
        when before.occasions is null then 'entered'
        when after.occasions is null then 'left'
        when before.occasions <> after.occasions then 'other_occasion'
        else 'other_person'
    end as move
from before
full join after using (campaign, customer_id)
where before.occasions is distinct from after.occasions or before.person_id is distinct from after.person_id
