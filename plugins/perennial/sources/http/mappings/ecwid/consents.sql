-- Ecwid says whether marketing by email was accepted, and not since when. A yes counts from the first day, so that it
-- never overrides what the customer said elsewhere since; a no counts from the last change.
select id || '-email-offers' as consent_id,
       id as customer_id,
       'email' as channel,
       'offers' as topic,
       case when acceptMarketing = 'true' then 'granted' else 'withdrawn' end as state,
       case when acceptMarketing = 'false' then coalesce(updated, registered) else registered end
           as happened_at,
       'Ecwid acceptMarketing' as source,
       coalesce(updated, registered) as updated_at
from customers
