-- Adds to what a new sender has sent in a day.
insert into sender_days (domain, day, emails)
values (:domain, :day, :emails)
on conflict (domain, day) do update set
    emails = sender_days.emails + excluded.emails
