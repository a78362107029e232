-- Where each message of a campaign's day stands: its state, or why it was blocked; never both. What was answered,
-- or is being sent, is not blocked, whatever was found before.
select
    messages.key,
    case when blocks.key is null or messages.state not in ('claimed', 'retryable') then messages.state end as state,
    case when messages.state in ('claimed', 'retryable') then blocks.reason end as reason
from messages
left join blocks on blocks.key = messages.key and blocks.day = messages.day
where messages.campaign = :campaign
  and messages.day = :day

union all

select blocks.key, null, blocks.reason
from blocks
left join messages on messages.key = blocks.key and messages.day = blocks.day
where blocks.campaign = :campaign
  and blocks.day = :day
  and messages.key is null
