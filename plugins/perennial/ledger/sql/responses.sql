-- What became of the accepted messages of a campaign's days, a row a channel. Each message has one fate: it bounced,
-- else it arrived, else it did not, else nobody has said. Who opened or followed is a person where anything says so,
-- else a machine where anything says so, else it does not show.
with told as (
    select
        messages.key,
        messages.channel,
        messages.person_id,
        messages.address_key,
        messages.dispatched_at,
        max(case when events.word = 'bounced' then 1 else 0 end) as bounced,
        max(case when events.word in ('delivered', 'opened', 'clicked', 'complained') then 1 else 0 end) as arrived,
        max(case when events.word in ('blocked', 'undelivered', 'dropped') then 1 else 0 end) as lost,
        max(case when events.word = 'opened' and events.actor = 'person' then 3
            when events.word = 'opened' and events.actor = 'machine' then 1
            when events.word = 'opened' then 2 else 0 end) as opened,
        max(case when events.word = 'clicked' and events.actor = 'person' then 3
            when events.word = 'clicked' and events.actor = 'machine' then 1
            when events.word = 'clicked' then 2 else 0 end) as clicked,
        max(case when events.word = 'complained' then 1 else 0 end) as complained,
        -- Twilio says so of somebody who had answered STOP before this message.
        max(case when events.word = 'unsubscribed' and coalesce(events.code, '') not in ('21610', '63014')
            then 1 else 0 end) as unsubscribed
    from messages
    left join message_events as events on events.message_key = messages.key
    where messages.campaign = :campaign
      and messages.day between :day and :until
      and messages.state = 'accepted'
    group by messages.key, messages.channel, messages.person_id, messages.address_key, messages.dispatched_at
),

-- A STOP answers the last message before it.
stopped as (
    select distinct told.key
    from told
    inner join inbound_texts as texts
        on texts.address_key = told.address_key
        and texts.channel = told.channel
        and texts.wish = 'stop'
        and texts.at >= told.dispatched_at
    where not exists (
        select 1
        from messages as later
        where later.person_id = told.person_id
          and later.address_key = told.address_key
          and later.channel = told.channel
          and later.dispatched_at > told.dispatched_at
          and later.dispatched_at <= texts.at
    )
)

select
    told.channel,
    count(*) as accepted,
    sum(told.bounced) as bounced,
    sum(case when told.bounced = 0 and (told.arrived = 1 or answers.message_key is not null) then 1 else 0 end) as delivered,
    sum(case when told.bounced = 0 and told.arrived = 0 and answers.message_key is null and told.lost = 1
        then 1 else 0 end) as undelivered,
    sum(case when told.opened = 3 then 1 else 0 end) as opened_by_people,
    sum(case when told.opened = 2 then 1 else 0 end) as opened_by_somebody,
    sum(case when told.opened = 1 then 1 else 0 end) as opened_by_machines,
    sum(case when told.clicked = 3 then 1 else 0 end) as clicked_by_people,
    sum(case when told.clicked = 2 then 1 else 0 end) as clicked_by_somebody,
    sum(case when told.clicked = 1 then 1 else 0 end) as clicked_by_machines,
    sum(told.complained) as complained,
    sum(told.unsubscribed) as unsubscribed,
    sum(case when stopped.key is not null then 1 else 0 end) as stopped,
    sum(case when answers.message_key is not null then 1 else 0 end) as answered
from told
left join stopped on stopped.key = told.key
left join answers on answers.message_key = told.key
group by told.channel
order by told.channel
