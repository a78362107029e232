-- Who may get offers by email because of an order, having said nothing about emails; see docs/decisions/0023.
--
-- Reads   customer_features, contacts, consents      the lake, as known on the day
--         soft_opt_in_rules                          the policy: country, days
--         told_words                                 the ledger: every word about a channel, pending ones too
-- Writes  table `soft_opt_ins`: customer_id, ordered_on

create or replace table soft_opt_ins as
with spoken as (
    -- Any word about emails, on any topic, from any account, in any state: whoever was asked has answered.
    select f.person_id
    from (
        select customer_id from consents where channel = 'email'
        union all
        select customer_id from told_words where channel = 'email'
    ) as w
    join customer_features as f using (customer_id)
), ordered as (
    -- The address has to come from an order of the person; what was cancelled or refunded is none.
    select f.person_id, c.email_key, max(f.last_order_on) as ordered_on
    from customer_features as f
    join contacts as c using (customer_id)
    where f.last_order_on is not null and c.email_key is not null
    group by all
)
select c.customer_id, o.ordered_on
from contacts as c
-- A country that is only the shop's own, for want of a better one, is not known.
join soft_opt_in_rules as r on r.country = c.country and c.country_source <> 'shop'
join customer_features as f using (customer_id)
join ordered as o on o.person_id = f.person_id and o.email_key = c.email_key
where o.ordered_on between {day} - r.days and {day}
  and not exists (select 1 from spoken where spoken.person_id = f.person_id);
