-- Adds to what a campaign, or all of them together, have spent in a month.
insert into spending (whose, month, money, segments)
values (:whose, :month, :money, :segments)
on conflict (whose, month) do update set
    money = spending.money + excluded.money,
    segments = spending.segments + excluded.segments
