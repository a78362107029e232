"""What it costs to read: every value of every column that the figures are worked out from, once, and nothing else.

Each column is put together into one number. A greatest value would not do: DuckDB takes it from a file's statistics.

Run: python by_scan.py LAKE MEMORY_LIMIT DAY
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake

_READ = {
    "verified/customers": "customer_id language country region preferred_channel birth_date signed_up_at",
    "contacts": "customer_id zone zone_source email_key phone_key",
    "verified/products": "product_id category name department",
    "verified/orders": "customer_id order_id status ordered_at delivered_at currency total discount",
    "verified/order_lines": "order_id product_id",
}


def main() -> None:
    with Engine(Lake(Path(sys.argv[1])), memory_limit=sys.argv[2]) as engine:
        for folder, columns in _READ.items():
            files = engine.files(
                engine.lake.partitions(folder, until=date.fromisoformat(sys.argv[3]))
            )
            values = ", ".join(f"bit_xor(hash({column}))" for column in columns.split())
            engine.rows(f"select {values} from {files}")


if __name__ == "__main__":
    main()
