"""A night of orders as a shop would say them, one in a thousand of them wrong in some way; its customers with them."""

from __future__ import annotations

from datetime import date

from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.model.datasets import CUSTOMERS, ORDERS, Dataset

DAY = date(2026, 11, 21)

_ORDERS = """
    select
        printf('%08d', n) as order_id,
        case when n % 20011 = 0 then 'nobody' else printf('c%06d', n * 7919 % 200000) end as customer_id,
        strftime(timestamp '2026-11-20 05:00:00' + interval 1 second * (n % 80000), '%Y-%m-%d %H:%M:%S')
            || '.' || printf('%06d', n % 1000000) || '+00:00' as ordered_at,
        case when n % 10007 = 0 then 'paid' else ['placed', 'shipped', 'delivered', 'cancelled'][1 + n % 4] end as status,
        case when n % 4 = 2 then '2026-11-21 04:00:00+00:00' end as delivered_at,
        case when n % 100 = 7 then 'open' end as return_state,
        case when n % 9001 = 0 then 'EUR' else 'USD' end as currency,
        printf('%d.%02d', n % 5, n % 100) as discount,
        case when n % 5003 = 0 then '-1.00' when n % 30011 = 0 then 'nine' else printf('%d.%02d', 5 + n % 90, n % 100) end
            as total,
        '2026-11-21 04:30:00+00:00' as updated_at
    from range($rows) as numbers(n)
"""
_CUSTOMERS = """
    select
        printf('c%06d', n) as customer_id, 'Ann' as first_name, 'Reed' as last_name,
        printf('c%06d@people.test', n) as email, printf('+1513%07d', n) as phone, '1984-02-29' as birth_date,
        'en-US' as language, 'America/New_York' as timezone, 'US' as country, 'OH' as region, '45202' as postal_code,
        'email' as preferred_channel, '2024-05-01T09:30:00Z' as signed_up_at, '2026-11-20T09:30:00Z' as updated_at
    from range(200000) as numbers(n)
"""


def lay_night(engine: Engine, orders: int) -> None:
    """Writes the raw partitions of the day: so many orders, and 200,000 customers."""
    _lay(engine, CUSTOMERS, _CUSTOMERS)
    _lay(engine, ORDERS, _ORDERS.replace("$rows", str(orders)))


def raw(dataset: Dataset) -> Partition:
    """Where the night's rows lie."""
    return Partition(dataset=f"raw/{dataset.name}", day=DAY, name="extract-0001")


def _lay(engine: Engine, dataset: Dataset, query: str) -> None:
    columns = ", ".join(f'"{c}"' for c in dataset.column_names)
    engine.publish(raw(dataset), f"select {columns} from ({query})", order_by=dataset.key[0])
