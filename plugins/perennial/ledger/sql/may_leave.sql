-- Whether a candidate may leave now: it is due and not too late, its address is not suppressed, the person has not taken
-- back their consent and has not asked for a pause, and the caps leave room for one more.
candidates.send_at <= :now
and candidates.expires_at > :now
and $welcome_candidates
-- An answer that has not come yet counts as a yes. One look at the index for each person.
and case candidates.pressure
    when 'promotional' then (
        select count(*) < :per_week and count(*) filter (where earlier.claimed_at > :day_ago) < :per_day
        from messages as earlier
        where earlier.person_id = candidates.person_id
          and earlier.claimed_at > :week_ago
          and earlier.pressure = 'promotional'
          and earlier.state in ('claimed', 'dispatching', 'accepted', 'in_doubt')
          and earlier.key <> candidates.key
    )
    when 'service' then true
    when 'survey' then (
        select count(*) = 0
        from messages as earlier
        where earlier.person_id = candidates.person_id
          and earlier.claimed_at > :survey_ago
          and earlier.pressure = 'survey'
          and earlier.state in ('claimed', 'dispatching', 'accepted', 'in_doubt')
          and earlier.key <> candidates.key
    )
end
-- Discounts are counted over all messages; most shops set no limit, and most messages have none.
and case
    when candidates.coupon_kind in ('percent', 'amount') and :discounts < :any_number then (
        select count(*) < :discounts
        from messages as earlier
        where earlier.person_id = candidates.person_id
          and earlier.claimed_at > :discounts_ago
          and earlier.coupon_kind in ('percent', 'amount')
          and earlier.state in ('claimed', 'dispatching', 'accepted', 'in_doubt')
          and earlier.key <> candidates.key
    )
    else true
end
-- Of the last messages in a row, as the plan counts them.
and case
    when candidates.coupon_kind in ('percent', 'amount') and :mix_messages > 0 then (
        select count(*) < :mix_discounts
        from (
            select earlier.coupon_kind
            from messages as earlier
            where earlier.person_id = candidates.person_id
              and earlier.claimed_at > :mix_ago
              and earlier.state in ('claimed', 'dispatching', 'accepted', 'in_doubt')
              and earlier.key <> candidates.key
            order by earlier.claimed_at desc, earlier.coupon_kind in ('percent', 'amount') desc nulls last
            limit :mix_messages
        ) as lately
        where lately.coupon_kind in ('percent', 'amount')
    )
    else true
end
