-- Counts the messages that an address refused for the time being, and notes the first and the last time.
with events as ($events)
insert into soft_bounces (address_key, channel, count, first_at, last_at)
select messages.address_key, messages.channel, count(*), min(events.at), max(events.at)
from events
join messages on messages.key = events.key
where true  -- SQLite would take the next lines for a join
group by messages.address_key, messages.channel
order by messages.address_key, messages.channel
on conflict (address_key, channel) do update set
    count = soft_bounces.count + excluded.count,
    first_at = case
        when excluded.first_at < soft_bounces.first_at then excluded.first_at
        else soft_bounces.first_at
    end,
    last_at = case
        when excluded.last_at > soft_bounces.last_at then excluded.last_at
        else soft_bounces.last_at
    end
