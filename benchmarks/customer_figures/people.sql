-- Synthetic people, each with a household whose baskets they will buy, a rhythm of their own and a present silence.
-- Everything is drawn from hashes of the person's number, so that the same figures come out on every machine.
select
    number::integer as number,
    'C' || lpad(number::varchar, 9, '0') as customer_id,
    (hash(number, 'household') % (select count(*) from households))::integer as household_no,
    least(63, 1 + floor(-($orders_per_customer - 0.5) * ln((hash(number, 'orders') % 1000000 + 0.5) / 1000000)))::int
        as orders,
    5 + floor(110 * pow((hash(number, 'gap') % 1000000) / 1000000, 2)) as gap_days,
    -1.2 * ln((hash(number, 'silence') % 1000000 + 0.5) / 1000000) as silence
from range($customers) as numbers (number)
