-- A bit for each word, which a message has once at most.
sum(case events.word
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
