-- One row an order: whose, when, and which real basket was in it; in the order of time, by which shops number orders.
select
    people.number as customer,
    (households.baskets_before + hash(number, turn, 'basket') % households.baskets)::integer as basket_no,
    $starts_at::timestamptz
        - to_days((1 + gap_days * (silence + turn + (hash(number, turn, 'jitter') % 800) / 1000))::int)
        + to_seconds((hash(number, turn, 'second') % 50400)::bigint) as ordered_at
from people
join households using (household_no)
join range(64) as turns (turn) on turns.turn < people.orders
order by ordered_at, customer
