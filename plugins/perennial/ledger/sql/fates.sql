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
