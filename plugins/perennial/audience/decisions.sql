-- The plan: one decision for every member of a campaign's audience.
--
-- Reads   memberships, customer_features, contacts, consents      the lake, as known on the day
--         rules, steps, windows                                   the campaign files, and the hours of policy.yaml
--         history, suppressed, engaged,
--         permissions, preferences_told                           the ledger
--         night                                                   one row: planned campaign, day, shards, caps, shares, locales
--         soft_opt_ins                                            orders that stand in for a consent (soft_opt_in.sql)
-- Writes  temp table `verdicts`, one row a member of the planned campaign, everything but the personal values.
--
-- Every campaign that competes for the same people is decided here, and only the planned one is kept: so the
-- result does not depend on which campaign is planned first.

-- Who competes: the planned campaign's audience, and what else is due to the same people today.
create or replace table members as
select m.*, f.preferred_channel, f.language, f.average_order_value, r.* exclude (campaign)
from memberships as m
join rules as r using (campaign)
left join customer_features as f using (customer_id)
where m.person_id in (
    select person_id from memberships where campaign = (select planned from night)
);

-- What has gone before, without today: today's rivals are settled below, by priority, not by who was first.
-- A message that is surely not on its way (claimed, retryable) has not gone.
create or replace table gone as
select h.* replace (coalesce(h.pressure, r.pressure) as pressure),
    coalesce(s.offer_kind in ('percent', 'amount'), false) as discounted
from history as h
cross join night
left join rules as r on r.campaign = h.campaign
left join steps as s on s.campaign = h.campaign and s.step = h.step
where h.day < night.day and h.state in ('dispatching', 'accepted', 'refused', 'in_doubt', 'held_out');

create or replace table ladder as
select campaign, customer_id, occasion, max(step) as steps_done, min(day) as entered_on
from gone
group by all;

-- Consent belongs to the person: the latest word from any of their accounts holds. Unknown is no, and so is what has
-- yet to be confirmed.
create or replace table consent as
with said as (
    select customer_id, channel, topic, state, happened_at, false as by_link, consent_id
    from consents as c
    where not {unconfirmed}
    union all
    -- A no by way of a link wins over a yes of the same instant.
    select customer_id, channel, topic, state, since, state = 'withdrawn', '' from permissions
)
select f.person_id, c.channel, c.topic,
    arg_max(c.state, (c.happened_at, c.by_link, c.consent_id)) as state,
    max(c.happened_at) as happened_at
from said as c
join customer_features as f using (customer_id)
where f.person_id in (select person_id from members)
group by all;

-- Pauses belong to the person, too.
create or replace table pauses as
with last_words as (
    select f.person_id, arg_max_null(p.value, (p.since, p.customer_id)) as value
    from preferences_told as p
    join customer_features as f using (customer_id)
    where p.preference = 'paused_until'
    group by f.person_id
)
select person_id, value::timestamptz as paused_until
from last_words
where value is not null;

-- Each member with each channel of the campaign, in the order in which they are tried; `passed` counts the
-- checks that the channel passes, so that the reason shown is that of the channel that came closest.
create or replace table channel_checks as
with candidates as (
    select m.campaign, m.customer_id, m.person_id, m.occasion, m.topic, m.asks_to_confirm,
        unnest(m.channels) as channel,
        generate_subscripts(m.channels, 1) as declared,
        m.preferred_channel
    from members as m
), addressed as (
    select k.*,
        case k.channel when 'email' then c.email else c.phone end as address,
        case k.channel when 'email' then c.email_key else c.phone_key end as address_key,
        case k.channel when 'email' then c.email_problem else c.phone_problem end as problem,
        e.ordered_on as soft_opt_in_on
    from candidates as k
    left join contacts as c using (customer_id)
    left join soft_opt_ins as e on e.customer_id = k.customer_id and k.channel = 'email' and k.topic = 'offers'
)
select
    a.*,
    case when a.asks_to_confirm then try_cast(a.occasion as timestamptz) else o.happened_at end as consented_at,
    case
        when a.address is null and a.problem is null then 'no_address'
        when a.address is null then 'bad_address'
        when not a.asks_to_confirm and a.soft_opt_in_on is null and o.state is distinct from 'granted' then 'no_consent'
        when s.address_key is not null then 'suppressed'
    end as reason,
    case when a.address is null then a.problem end as detail,
    case
        when a.address is null and a.problem is null then 0
        when a.address is null then 1
        when not a.asks_to_confirm and a.soft_opt_in_on is null and o.state is distinct from 'granted' then 2
        when s.address_key is not null then 3
        else 4
    end as passed
from addressed as a
left join consent as o on o.person_id = a.person_id and o.channel = a.channel and o.topic = a.topic
left join suppressed as s on s.address_key = a.address_key and s.channel = a.channel;

create or replace table chosen_channel as
select *
from channel_checks
qualify row_number() over (
    partition by campaign, customer_id, occasion
    order by passed desc, channel = preferred_channel desc nulls last, declared
) = 1;

-- When the message may leave, wherever the customer may be. Who has no contacts yet is nowhere.
create or replace table timed as
select
    k.campaign, k.customer_id, k.person_id, k.occasion,
    coalesce(c.zone, night.shop_zone) as zone,
    coalesce(c.zone_source, 'shop') as zone_source,
    w.local_day, w.send_at, w.expires_at, w.quiet
from chosen_channel as k
cross join night
left join contacts as c using (customer_id)
join windows as w on w.campaign = k.campaign and w.channel = k.channel and w.place = case when c.customer_id is null then '' else {place} end;

-- Counts of what reached the person. A held-out message counts as if sent, so that groups stay comparable.
create or replace table pressure_on_person as
select
    t.campaign, t.customer_id, t.occasion,
    count(*) filter (where g.pressure = 'promotional' and g.at > t.send_at - interval 24 hours) as promotional_day,
    count(*) filter (where g.pressure = 'promotional' and g.at > t.send_at - interval 7 days) as promotional_week,
    count(*) filter (where g.discounted and g.at > t.send_at - interval 30 days) as discounts,
    count(*) filter (
        where g.pressure = 'survey' and g.at > t.send_at - to_days(night.days_between_surveys::integer)
    ) as surveys,
    max(g.day) filter (where g.campaign = t.campaign and g.occasion <> t.occasion) as other_occasion_on
from timed as t
cross join night
join gone as g on g.person_id = t.person_id and g.state <> 'refused'
group by all;

-- How many of the last messages of a person had a discount; as many as the next one may stand in a row with. Looked
-- for only where a mix is set.
create or replace table discounts_in_a_row as
with latest as (
    select g.person_id, g.discounted
    from gone as g
    cross join night
    where night.mix_messages > 0
      and g.state <> 'refused'
      and g.at > night.known_at - to_days(night.mix_days::integer)
      and g.person_id in (select person_id from members)
    qualify row_number() over (partition by g.person_id order by g.at desc, g.discounted desc) < night.mix_messages
)
select person_id, count(*) as messages, count(*) filter (where discounted) as discounts
from latest
group by person_id;

-- The last sign of a person who is still there: an open, a click, an order, a yes. Looked for only where somebody asks.
create or replace table last_signs as
with signs as (
    select person_id, engaged.at as seen_at from engaged
    union all
    select person_id, timezone(night.shop_zone, last_order_on::timestamp) from customer_features cross join night
    union all
    select person_id, happened_at from consent where state = 'granted'
)
select person_id, max(seen_at) as seen_at
from signs
where (select needs_signs from night)
group by person_id;

-- Everything that concerns the member alone.
create or replace table checked as
with laddered as (
    select m.*,
        coalesce(l.steps_done, 0) + 1 as next_step,
        l.entered_on
    from members as m
    left join ladder as l using (campaign, customer_id, occasion)
), stepped as (
    select l.*,
        least(l.next_step, l.step_count) as step,
        l.next_step > l.step_count as finished,
        s.template,
        coalesce(s.offer_kind in ('percent', 'amount'), false) as discounted,
        l.entered_on + s.after_days as due_on
    from laddered as l
    join steps as s on s.campaign = l.campaign and s.step = least(l.next_step, l.step_count)
)
select
    s.campaign, s.customer_id, s.person_id, s.occasion,
    case when k.soft_opt_in_on is null then s.why
        else json_merge_patch(s.why, json_object('soft_opt_in_on', k.soft_opt_in_on::varchar))::varchar
    end as why,
    s.step, s.template, s.priority, s.pressure,
    s.topic, s.holdout, s.average_order_value, s.entered_on,
    k.channel, k.address, k.address_key, k.consented_at, k.soft_opt_in_on,
    z.zone, z.zone_source, z.send_at, z.expires_at, z.local_day,
    case
        when list_contains(night.locales, s.language) then s.language
        when list_contains(night.locales, split_part(s.language, '-', 1)) then split_part(s.language, '-', 1)
        else night.default_locale
    end as locale,
    least(
        night.promotional_per_day - coalesce(p.promotional_day, 0),
        night.promotional_per_week - coalesce(p.promotional_week, 0)
    ) as promotional_room,
    s.discounted,
    e.seen_at as last_sign_at,
    least(
        night.discounts_per_30_days - coalesce(p.discounts, 0),
        night.mix_discounts - coalesce(r.discounts, 0)
    ) as discount_room,
    -- The occasion can still be answered tomorrow: what stands in the way today defers, it does not skip.
    (s.open_until is null or s.open_until > z.local_day) as open_tomorrow,
    case
        when s.finished then 'already_sent'
        when s.open_until < z.local_day then 'expired'
        when k.passed < 4 then k.reason
        when s.pressure = 'promotional' and night.sunset_days > 0
            and coalesce(e.seen_at < z.send_at - to_days(night.sunset_days::integer), true) then 'unengaged'
        when s.paused then 'campaign_paused'
        when h.paused_until > z.send_at then 'person_paused'
        when s.due_on > night.day then 'step_not_due'
        when s.step = 1 and p.other_occasion_on > night.day - s.cool_down_days::integer then 'cooling_down'
        when z.quiet then 'quiet_until_expiry'
        when s.pressure = 'survey' and coalesce(p.surveys, 0) > 0 then 'capped'
        when s.pressure = 'promotional' and promotional_room <= 0 then 'capped'
        when s.discounted and discount_room <= 0 then 'capped'
    end as reason,
    case
        when s.finished or s.open_until < z.local_day then null
        when k.passed < 4 then k.detail
        when s.paused or h.paused_until > z.send_at then null
        when s.due_on > night.day then s.due_on::varchar
    end as detail,
    case
        when not s.discounted or s.pressure = 'promotional' and promotional_room <= 0 then null
        when p.discounts >= night.discounts_per_30_days then concat(p.discounts, ' with a discount within 30 days')
        when r.discounts >= night.mix_discounts then concat(r.discounts, ' of the last ', r.messages, ' had a discount')
    end as capped_by
from stepped as s
cross join night
join chosen_channel as k using (campaign, customer_id, occasion)
join timed as z using (campaign, customer_id, occasion)
left join pauses as h on h.person_id = s.person_id
left join last_signs as e on e.person_id = s.person_id
left join discounts_in_a_row as r on r.person_id = s.person_id
left join pressure_on_person as p
    on p.campaign = s.campaign and p.customer_id = s.customer_id and p.occasion = s.occasion;

-- One account of a person gets the message; then campaigns take turns: declared priority, expected value, a stable hash.
create or replace table arbitrated as
with open as (
    select *,
        row_number() over (partition by campaign, person_id order by customer_id, occasion) as account
    from checked
    where reason is null
), ranked as (
    select *,
        row_number() over turns as turn,
        count(*) filter (where discounted) over turns as discount_turn
    from open
    where account = 1
    window turns as (
        partition by person_id, pressure
        order by priority desc, average_order_value desc nulls last,
            md5(concat_ws(chr(31), person_id, campaign)), campaign
        rows unbounded preceding
    )
)
select
    o.campaign, o.customer_id, o.occasion,
    case
        when o.account > 1 then 'duplicate_person'
        when o.pressure = 'promotional' and r.turn > o.promotional_room then 'lower_priority'
        when o.pressure = 'survey' and r.turn > 1 then 'lower_priority'
        when o.discounted and r.discount_turn > o.discount_room then 'lower_priority'
    end as reason
from open as o
left join ranked as r using (campaign, customer_id, occasion);

-- The share of a person is a stable number in [0, 1): the same person is held out on every day of a campaign.
create or replace table verdicts as
with reasoned as (
    select c.* exclude (reason), coalesce(c.reason, a.reason) as reason,
        md5_number_lower(concat_ws(chr(31), night.salt, 'everything', c.person_id)) % 10000 / 10000.0 as share_of_all,
        md5_number_lower(concat_ws(chr(31), night.salt, c.campaign, c.person_id)) % 10000 / 10000.0 as share_of_campaign
    from checked as c
    cross join night
    left join arbitrated as a using (campaign, customer_id, occasion)
    where c.campaign = night.planned
)
select
    v.* exclude (share_of_all, share_of_campaign, holdout, reason, capped_by)
        replace (case when v.reason = 'capped' then v.capped_by else v.detail end as detail),
    case
        when v.reason is not null then
            case
                when v.open_tomorrow and v.reason in (
                    'campaign_paused', 'person_paused', 'step_not_due', 'cooling_down', 'quiet_until_expiry', 'capped', 'lower_priority'
                ) then 'defer'
                else 'skip'
            end
        when v.pressure = 'service' then 'send'
        when v.share_of_all < night.global_holdout or v.share_of_campaign < v.holdout then 'hold_out'
        else 'send'
    end as outcome,
    v.reason,
    substr(sha256(concat_ws(chr(31), v.campaign, v.step::varchar, v.customer_id, v.occasion)), 1, 32) as message_key,
    (md5_number_lower(v.person_id) % night.shards)::integer as shard
from reasoned as v
cross join night;
