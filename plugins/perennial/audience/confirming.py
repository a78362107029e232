"""Consents that count only when they were confirmed: which those are, and who has yet to confirm one."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa

from perennial.model.clock import local_instant
from perennial.model.policy import DoubleOptIn

if TYPE_CHECKING:
    from perennial.lake.duck import Engine

_SQL = Path(__file__).parent / "pending.sql"

PENDING = pa.schema(
    [
        ("person_id", pa.string()),
        ("customer_id", pa.string()),
        ("topic", pa.string()),
        ("happened_at", pa.timestamp("us", tz="UTC")),
        ("consent_id", pa.string()),
    ]
)
"""Who has yet to confirm what, since when; `consent_id` is the shop's where the shop heard it."""


def unconfirmed_grant(rule: DoubleOptIn | None, zone: ZoneInfo) -> str:
    """SQL that is true of a row `c` of the shop's `consents` that counts for nothing until it is confirmed.

    Reads `contacts`: what nobody has an address for needs no confirmation.
    """
    if rule is None:
        return "false"
    starts_at = local_instant(rule.starts_on, time(), zone)
    countries = ", ".join(f"'{country}'" for country in sorted(rule.countries))
    where = f" where country in ({countries})" if countries else ""
    return (
        f"(c.channel = 'email' and c.state = 'granted' and c.happened_at >= timestamptz '{starts_at.isoformat()}'"
        f" and c.customer_id in (select customer_id from contacts{where}))"
    )


def find_pending(  # noqa: PLR0917 - what it depends on
    engine: Engine,
    rule: DoubleOptIn,
    zone: ZoneInfo,
    permissions: pa.Table,
    pending: pa.Table,
    until: datetime,
) -> pa.Table:
    """Who has yet to confirm what, of everything that was said before an instant; see PENDING.

    The engine must have the day open, and the view `customer_features`. `permissions` and `pending` are the ledger's.
    """
    engine.register("permissions", permissions)
    engine.register("told_pending", pending)
    sql = _SQL.read_text(encoding="utf-8").replace("{unconfirmed}", unconfirmed_grant(rule, zone))
    found = engine.rows(sql, {"until": until})
    return pa.Table.from_pylist(found, schema=PENDING)
