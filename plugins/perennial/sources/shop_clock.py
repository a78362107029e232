"""The shop's clock alone: DAG files ask for it each time Airflow reads them, so it must come quickly."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import yaml


def read_zone(path: Path) -> ZoneInfo:
    """`shop.timezone` of shop.yaml.

    Raises:
        ShopError: the file is wrong; names every mistake in it, not only that of the zone.
    """
    try:
        with path.open("rb") as file:
            return ZoneInfo(yaml.safe_load(file)["shop"]["timezone"])
    except (OSError, yaml.YAMLError, LookupError, TypeError, ValueError):
        from perennial.sources.shop_file import read_shop

        return read_shop(path).zone
