"""Orders that stand in for a consent to offers by email, where the policy lets them: the soft opt-in."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from perennial.model.policy import Policy

if TYPE_CHECKING:
    from perennial.lake.duck import Engine

_SQL = Path(__file__).parent / "soft_opt_in.sql"
_RULES = pa.schema([("country", pa.string()), ("days", pa.int32())])


def find_soft_opt_ins(engine: Engine, policy: Policy, day: date, *, told: pa.Table) -> None:
    """Leaves the table `soft_opt_ins`: the customers concerned on a day, each with the day of the order.

    The engine must have the views `customer_features`, `contacts` and `consents`. `told` is every word that the ledger
    heard, pending or not; it has the columns `customer_id` and `channel`. Where the policy knows no soft opt-in on that
    day, nothing is looked at.
    """
    rules = [
        {"country": country, "days": lasts.days}
        for country, lasts in sorted(policy.soft_opt_in_on(day).items())
    ]
    if not rules:
        engine.execute(
            "create or replace table soft_opt_ins as select '' as customer_id, null::date as ordered_on where false"
        )
        return
    engine.register("soft_opt_in_rules", pa.Table.from_pylist(rules, schema=_RULES))
    engine.register("told_words", told.select(["customer_id", "channel"]))
    try:
        engine.execute(_SQL.read_text(encoding="utf-8").replace("{day}", f"date '{day}'"))
    finally:
        engine.unregister("soft_opt_in_rules")
        engine.unregister("told_words")
