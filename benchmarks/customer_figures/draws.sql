-- One row an order: whose, when, and which real basket was in it; in the order of time, as a shop's tables grow.
select
    people.customer_id,
    'O' || lpad((people.number * 64 + turns.turn)::varchar, 11, '0') as order_id,
    people.household_no,
    (hash(people.number, turns.turn, 'basket') % households.baskets)::bigint as basket_no,
    $starts_at::timestamptz
        - to_days((1 + gap_days * (silence + turn + (hash(number, turn, 'jitter') % 800) / 1000))::int)
        + to_seconds((hash(number, turn, 'second') % 50400)::bigint) as ordered_at
from people
join households using (household_no)
join range(64) as turns (turn) on turns.turn < people.orders
order by ordered_at, order_id
