-- birthday: once a year, on the customer's own calendar day.
--
-- Reads members (customers the campaign's `where` admits), zone_days (which local date each zone has its turn on),
-- $leap_day_on_1_march. A 29 February is celebrated on the 28th, or on 1 March, in years that have none.
with calendar as (
    select
        zone,
        local_day,
        month(local_day) * 100 + day(local_day) as month_day,
        day(last_day(make_date(year(local_day), 2, 1))) = 29 as leap_year
    from zone_days
),
birthdays as (
    select customer_id, zone, zone_source, birth_date, month(birth_date) * 100 + day(birth_date) as month_day
    from members
    where birth_date is not null
)
select
    birthdays.customer_id,
    cast(year(calendar.local_day) as varchar) as occasion,
    calendar.local_day as open_until,
    json_object('local_day', calendar.local_day, 'zone_source', birthdays.zone_source) as why
from birthdays
join calendar using (zone)
where birthdays.birth_date < calendar.local_day
    and calendar.month_day = case
        when birthdays.month_day <> 229 or calendar.leap_year then birthdays.month_day
        when $leap_day_on_1_march then 301
        else 228
    end
