-- Why somebody may not be written to; nothing if they may (welcome.sql).
case
    when exists (
        select 1
        from suppressions
        where suppressions.address_key = $whose.address_key
          and suppressions.channel = $whose.channel
          and suppressions.lifted_at is null
    ) then 'suppressed'
    when exists (
        select 1
        from permissions
        where permissions.person_id = $whose.person_id
          and permissions.channel = $whose.channel
          and permissions.topic = $whose.topic
          and permissions.state = 'withdrawn'
    ) then 'no_consent'
    when exists (
        select 1
        from preferences
        where preferences.person_id = $whose.person_id
          and preferences.paused_until > $moment
    ) then 'person_paused'
end
