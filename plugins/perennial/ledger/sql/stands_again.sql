-- What was said of an address before: the earliest time stands, and what was lifted stands again only if it was said
-- once more since.
on conflict (address_key, channel, reason) do update set
    since = case
        when suppressions.lifted_at is not null then excluded.said_at
        when excluded.since < suppressions.since then excluded.since
        else suppressions.since
    end,
    said_at = case
        when suppressions.said_at > excluded.said_at then suppressions.said_at
        else excluded.said_at
    end,
    lifted_at = case when suppressions.lifted_at > excluded.said_at then suppressions.lifted_at end
where excluded.since < suppressions.since
   or suppressions.said_at is null
   or suppressions.said_at < excluded.said_at
