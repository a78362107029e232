-- Takes out of a month what was never sent: refused, or left behind when it expired.
delete from costs
where month = :month
  and exists (
      select 1
      from messages
      where messages.key = costs.message_key
        and (
            messages.state = 'refused'
            or (messages.state in ('claimed', 'retryable') and messages.expires_at <= :now)
        )
  )
