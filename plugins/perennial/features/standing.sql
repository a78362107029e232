-- Where each customer stands against the usual rhythm.
--
-- A customer has lapsed after 2.3 usual gaps of silence. With fewer than two gaps the usual gap is not known, and the
-- shop's median gap × 3 takes the place of 2.3 usual gaps. Days and halves are exact as decimals, so that the day
-- of the lapse is the day on which silence_ratio reaches 2.3.
--
-- The stages overlap (who came back long ago may be silent again); the first that holds is the stage:
--   prospect, lost, lapsed, won_back, new, at_risk, active.
with rhythms as (
    select
        *,
        date_diff('day', last_order_on, $day) as recency_days,
        case when order_gaps >= 2 then usual_gap end as usual_gap_days,
        case when order_gaps >= 2 then third_quartile - first_quartile end as gap_spread_days,
        case
            when order_gaps >= 2 then usual_gap::decimal(9, 1) * 2.3
            else $median_gap::decimal(9, 1) * 3.0
        end as lapses_after,
        case
            when order_gaps >= 2 then recency_days / usual_gap
            else recency_days * 2.3::double / ($median_gap::double * 3)
        end as silence,
        longest_gap_lately >= case
            when gaps_before >= 2 then median_before::decimal(9, 1) * 2.3
            else $median_gap::decimal(9, 1) * 3.0
        end as came_back_lately
    from figures
),
silences as (
    select
        *,
        round(silence, 6) as silence_ratio,
        last_order_on + ceil(lapses_after)::integer as lapsed_on
    from rhythms
)
select
    *,
    case
        when orders = 0 then 'prospect'
        when recency_days >= 730 then 'lost'
        when silence_ratio >= 2.3 then 'lapsed'
        when came_back_lately then 'won_back'
        when orders = 1 and recency_days <= 30 then 'new'
        when silence_ratio >= 1.5 then 'at_risk'
        else 'active'
    end as stage
from silences
