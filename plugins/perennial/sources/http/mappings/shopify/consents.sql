-- Whoever is not subscribed has not agreed: pending, invalid and redacted are no yes. A customer who never said
-- anything counts as not agreeing since the first day, so that it overrides nothing that was said elsewhere.
with said as (
    select id, createdAt, updatedAt, 'email' as channel, defaultEmailAddress as consent
    from customers
    where defaultEmailAddress is not null
    union all
    select id, createdAt, updatedAt, 'sms' as channel, defaultPhoneNumber as consent
    from customers
    where defaultPhoneNumber is not null
)
select regexp_extract(id, '[0-9]+$') || '-' || channel || '-offers' as consent_id,
       regexp_extract(id, '[0-9]+$') as customer_id,
       channel,
       'offers' as topic,
       case when consent->>'$.marketingState' = 'SUBSCRIBED' then 'granted' else 'withdrawn' end as state,
       coalesce(consent->>'$.marketingUpdatedAt', createdAt) as happened_at,
       concat_ws(' ', 'Shopify', lower(consent->>'$.marketingOptInLevel'),
                 lower(consent->>'$.marketingCollectedFrom')) as source,
       updatedAt as updated_at
from said
