-- Why a message may not be sent any more, if it was claimed when it might.
case
    when exists (
        select 1
        from suppressions
        where suppressions.address_key = messages.address_key
          and suppressions.channel = messages.channel
          and suppressions.lifted_at is null
    ) then 'suppressed'
    when exists (
        select 1
        from permissions
        where permissions.person_id = messages.person_id
          and permissions.channel = messages.channel
          and permissions.topic = messages.topic
          and permissions.state = 'withdrawn'
    ) then 'no_consent'
    when exists (
        select 1
        from preferences
        where preferences.person_id = messages.person_id
          and preferences.paused_until > :clock
    ) then 'person_paused'
end
