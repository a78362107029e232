"""What it costs to read: every value of every column that the figures are worked out from, once, and nothing else.

Each column is put together into one number. A greatest value would not do: DuckDB takes it from a file's statistics.

Run: python by_scan.py LAKE MEMORY_LIMIT
"""

from __future__ import annotations

import sys
from pathlib import Path

from synthetic_shop import DAY

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake

_READ = {
    "customers": "customer_id language country region preferred_channel birth_date signed_up_at",
    "contacts": "customer_id zone zone_source email_key phone_key",
    "products": "product_id category name department",
    "orders": "customer_id order_id status ordered_at delivered_at currency total discount",
    "order_lines": "order_id product_id",
}


def main() -> None:
    with Engine(Lake(Path(sys.argv[1])), memory_limit=sys.argv[2]) as engine:
        engine.open_day(DAY)
        for dataset, columns in _READ.items():
            values = ", ".join(f"bit_xor(hash({column}))" for column in columns.split())
            engine.rows(f"select {values} from {dataset}")


if __name__ == "__main__":
    main()
