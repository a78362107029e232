"""What a campaign's audience comes to on a day, before anything is decided about its members."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from perennial.campaigns.definition import Campaign

if TYPE_CHECKING:
    from perennial.lake.duck import Engine

_SQL = Path(__file__).parent / "figures.sql"


def audience_figures(engine: Engine, campaign: Campaign, permissions: pa.Table) -> dict[str, float]:
    """The figures of a campaign's audience; a share of nobody is left out.

    The engine must have the day open, and the views `memberships` and `customer_features`. `permissions` is what the
    ledger knows beside the shop.
    """
    engine.register("permissions", permissions)
    (counted,) = engine.rows(
        _SQL.read_text(encoding="utf-8"),
        {
            "campaign": campaign.name,
            "topic": str(campaign.topic),
            "channels": [str(channel) for channel in campaign.channels],
        },
    )
    figures = {name: float(n) for name, n in counted.items()}
    if figures["customers"]:
        figures["share(members)"] = round(figures["members"] / figures["customers"], 6)
    if figures["members"]:
        figures["share(agreed)"] = round(figures["agreed"] / figures["members"], 6)
    else:
        del figures["agreed"]
    return figures
