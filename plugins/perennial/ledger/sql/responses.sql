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
        -- One look at the index for each message, and no sorting.
        coalesce((
            select
$marks
            from message_events as events
            where events.message_key = messages.key
        ), 0) as marks
    from messages
    where messages.campaign = :campaign
      and messages.day between :day and :until
      and messages.state = 'accepted'
),

$fates