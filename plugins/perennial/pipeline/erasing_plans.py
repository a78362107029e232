"""Taking people out of plans: of those that are over at once, of those that are carried out when they are over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.ledger.store import Ledger
from perennial.ledger.values import Entry
from perennial.model.words import MessageState, Outcome
from perennial.pipeline.erasing_lake import Forgotten, mask_plan, plans_naming

_ACCOUNTS = ("customer_id", "person_id")
_MAY_BE_CLAIMED = (None, MessageState.CLAIMED, MessageState.RETRYABLE)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A plan that still names somebody, because it is being carried out or a message of it is in doubt."""

    campaign: str
    day: date


def mask_plans(
    engine: Engine, ledger: Ledger, forgotten: Forgotten, now: datetime
) -> tuple[list[Waiting], set[str]]:
    """Masks the plans that are over; names the others, and the accounts that wait for them."""
    waiting: list[Waiting] = []
    held: set[str] = set()
    for partition in plans_naming(engine, forgotten):
        theirs = _held_by(engine, ledger, partition, forgotten, now)
        if theirs:
            waiting.append(Waiting(campaign=partition.name, day=partition.day))
            held |= theirs
        if rest := forgotten.without(theirs):
            mask_plan(engine, partition, rest)
    return waiting, held


def _held_by(
    engine: Engine, ledger: Ledger, partition: Partition, forgotten: Forgotten, now: datetime
) -> set[str]:
    """Whom a plan still names for a reason: all of them while it is carried out, then those in doubt.

    It is read again while any of its messages is on the wire or may be claimed; and the words of one in doubt are
    asked for until that is settled.
    """
    engine.view("plan", partition)
    sends = engine.rows(
        "select message_key as key, expires_at > $now as in_time from plan"
        f" where outcome = '{Outcome.SEND}'",
        {"now": now},
    )
    theirs = engine.rows(
        "select message_key as key, trim(customer_id) as customer_id, trim(person_id) as person_id from plan"
        " where list_has_any([trim(customer_id), trim(person_id)], $accounts::varchar[])",
        {"accounts": forgotten.accounts},
    )
    entries = {e.key: e for e in ledger.standing(partition.name, partition.day).entries()}
    if not any(_is_open(row["in_time"], entries.get(row["key"])) for row in sends):
        theirs = [row for row in theirs if _is_in_doubt(entries.get(row["key"]))]
    return {row[name] for row in theirs for name in _ACCOUNTS} & forgotten.stand_ins.keys()


def _is_open(in_time: bool, entry: Entry | None) -> bool:  # noqa: FBT001 - a row's column
    state = entry.state if entry else None
    blocked = entry is not None and entry.blocked is not None
    may_be_claimed = in_time and not blocked and state in _MAY_BE_CLAIMED
    return state is MessageState.DISPATCHING or may_be_claimed


def _is_in_doubt(entry: Entry | None) -> bool:
    return entry is not None and entry.state is MessageState.IN_DOUBT
