"""The figures as the system works them out: the nightly steps `understand` and `form audiences`.

Run: python by_sql.py LAKE MEMORY_LIMIT DAY
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from perennial.campaigns.definition import Audience
from perennial.campaigns.policy_file import read_policy
from perennial.campaigns.reading import load_campaigns
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.pipeline.understanding import form_audiences, understand_customers
from perennial.sources.shop_file import read_shop

_PROJECT = Path(__file__).resolve().parents[2]
_QUIET = Audience(
    occasion="last_order_id",
    where="silence_ratio >= 2.3 and orders >= 2 and recency_days between 14 and 729",
)


def main() -> None:
    shop = read_shop(_PROJECT / "shop.yaml")
    campaigns = [
        campaign.model_copy(update={"audience": _QUIET})
        for campaign in load_campaigns(_PROJECT / "campaigns")
        if campaign.name == "win_back"
    ]
    day = date.fromisoformat(sys.argv[3])
    with Engine(Lake(Path(sys.argv[1])), memory_limit=sys.argv[2]) as engine:
        understand_customers(engine, day, shop)
        form_audiences(engine, day, shop, read_policy(_PROJECT / "policy.yaml"), campaigns)


if __name__ == "__main__":
    main()
