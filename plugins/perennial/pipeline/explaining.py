"""Why a customer got a message on a day, or did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from perennial.errors import PlanError
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.ledger.store import Ledger
from perennial.model.datasets import CUSTOMER_FEATURES, DECISIONS
from perennial.model.words import Outcome, Reason


@dataclass(frozen=True, kw_only=True)
class Explained:
    """One decision about the customer, in words."""

    campaign: str
    occasion: str
    step: int
    outcome: str
    reason: str | None
    detail: str | None
    sentence: str
    why: str
    channel: str | None
    send_at: datetime | None
    message_key: str
    state: str | None


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Everything that was decided about one customer on a day, and the figures behind it."""

    customer_id: str
    day: date
    features: Mapping[str, Any]
    decisions: Sequence[Explained]

    def as_json(self) -> dict[str, Any]:
        """For machines: dates, instants and money as text."""
        plain = asdict(self)
        plain["decisions"] = list(plain["decisions"])
        return plain


def explain_customer(engine: Engine, ledger: Ledger, *, customer_id: str, day: date) -> Explanation:
    """Reads the day's features and every plan made for it.

    Raises:
        MissingPartition: the night has not been that far.
        PlanError: there is no such customer on that day.
    """
    engine.view(CUSTOMER_FEATURES.name, Partition(dataset=CUSTOMER_FEATURES.name, day=day))
    who = {"customer": customer_id}
    features = engine.rows("select * from customer_features where customer_id = $customer", who)
    if not features:
        msg = f"There is no customer {customer_id!r} on {day}. Ids are text: zeros in front count."
        raise PlanError(msg)
    found = [
        _explained(row, ledger)
        for partition in engine.lake.partitions(DECISIONS.name, until=day)
        if partition.day == day
        for row in _decisions(engine, partition, who)
    ]
    return Explanation(
        customer_id=customer_id, day=day, features=features[0], decisions=tuple(found)
    )


def _decisions(
    engine: Engine, partition: Partition, who: Mapping[str, str]
) -> list[dict[str, Any]]:
    engine.view("plan", partition)
    return engine.rows("select * from plan where customer_id = $customer order by occasion", who)


def _explained(row: Mapping[str, Any], ledger: Ledger) -> Explained:
    reason = row["reason"]
    meaning = Reason(reason).meaning if reason else Outcome(row["outcome"]).meaning
    return Explained(
        campaign=row["campaign"],
        occasion=row["occasion"],
        step=row["step"],
        outcome=row["outcome"],
        reason=reason,
        detail=row["detail"],
        sentence=meaning,
        why=row["why"],
        channel=row["channel"],
        send_at=row["send_at"],
        message_key=row["message_key"],
        state=ledger.states([row["message_key"]]).get(row["message_key"]),
    )
