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
        -- A bit for each word, which a message has once at most. One look at the index for each message, and no sorting:
        -- a day may have hundreds of thousands.
        coalesce((
            select sum(case events.word
                when 'bounced' then 1
                when 'delivered' then 2
                when 'complained' then 4
                when 'blocked' then 8
                when 'undelivered' then 16
                when 'dropped' then 32
                when 'opened' then case events.actor when 'person' then 64 when 'machine' then 256 else 128 end
                when 'clicked' then case events.actor when 'person' then 512 when 'machine' then 2048 else 1024 end
                -- Twilio says so of somebody who had answered STOP before this message.
                when 'unsubscribed' then case when events.code in ('21610', '63014') then 0 else 4096 end
                else 0 end)
            from message_events as events
            where events.message_key = messages.key
        ), 0) as marks
    from messages
    where messages.campaign = :campaign
      and messages.day between :day and :until
      and messages.state = 'accepted'
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
),

-- Whoever opens, follows or complains, has it.
judged as (
    select
        told.channel,
        told.marks,
        (told.marks & 1) = 1 as bounced,
        (told.marks & (2 + 4 + 64 + 128 + 256 + 512 + 1024 + 2048)) > 0 or answers.message_key is not null as arrived,
        answers.message_key is not null as answered,
        stopped.key is not null as stopped
    from told
    left join stopped on stopped.key = told.key
    left join answers on answers.message_key = told.key
)

select
    channel,
    count(*) as accepted,
    count(*) filter (where bounced) as bounced,
    count(*) filter (where not bounced and arrived) as delivered,
    count(*) filter (where not bounced and not arrived and (marks & (8 + 16 + 32)) > 0) as undelivered,
    count(*) filter (where (marks & 64) > 0) as opened_by_people,
    count(*) filter (where (marks & 128) > 0) as opened_by_somebody,
    count(*) filter (where (marks & 256) > 0) as opened_by_machines,
    count(*) filter (where (marks & 512) > 0) as clicked_by_people,
    count(*) filter (where (marks & 1024) > 0) as clicked_by_somebody,
    count(*) filter (where (marks & 2048) > 0) as clicked_by_machines,
    count(*) filter (where (marks & 4) > 0) as complained,
    count(*) filter (where (marks & 4096) > 0) as unsubscribed,
    count(*) filter (where stopped) as stopped,
    count(*) filter (where answered) as answered
from judged
group by channel
order by channel
