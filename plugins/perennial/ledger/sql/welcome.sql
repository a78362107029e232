-- Whether somebody may be written to: the address is not suppressed, and the person has neither taken back their
-- consent nor asked for a pause. What stands in the way is said by unwanted.sql.
not exists (
    select 1
    from suppressions
    where suppressions.address_key = $whose.address_key
      and suppressions.channel = $whose.channel
      and suppressions.lifted_at is null
)
and not exists (
    select 1
    from permissions
    where permissions.person_id = $whose.person_id
      and permissions.channel = $whose.channel
      and permissions.topic = $whose.topic
      and permissions.state = 'withdrawn'
)
and not exists (
    select 1
    from preferences
    where preferences.person_id = $whose.person_id
      and preferences.paused_until > $moment
)
