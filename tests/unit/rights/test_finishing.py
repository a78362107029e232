"""Erasures that meet something: a message in doubt, a fault, a night or a plan that is being made at that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from one_person import (
    DAY,
    NEXT,
    QUIRINA,
    canaries_in,
    everything_under,
    home_of,
    ledger_rows,
    told_again,
)
from perennial.errors import ErasureError
from perennial.lake.partitions import Lake, Partition
from perennial.ledger.store import Ledger
from perennial.model.words import MessageState
from perennial.steps.services import Perennial, services
from states_of_messages import put_in

ASKED = {"by": "kim", "reason": "asked by letter"}
ANN = "c1"


def wish(perennial: Perennial) -> None:
    plan = perennial.plan("birthday", DAY)
    perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)


def keys_of(perennial: Perennial, customer: str) -> list[str]:
    return [str(message["key"]) for message in perennial.person(customer).messages]


def left_of(home: Path) -> dict[str, list[str]]:
    """Where she can still be found, in the files and in the ledger."""
    return canaries_in(everything_under(home)) | canaries_in(
        ledger_rows(f"sqlite:///{home / 'ledger.db'}")
    )


def is_named(home: Path, customer: str) -> bool:
    return any(f"'{customer}'" in text for _, text in everything_under(home))


def test_whoever_has_to_wait_keeps_nobody_else_from_being_forgotten(
    perennial: Perennial, home: Path
) -> None:
    """Case 50."""
    wish(perennial)
    put_in(MessageState.IN_DOUBT, perennial, keys_of(perennial, QUIRINA))
    perennial.erase(QUIRINA, **ASKED)

    perennial.erase(ANN, **ASKED)

    assert [e.finished_at is not None for e in perennial.ledger.erased()].count(True) == 2
    assert not is_named(home, ANN)
    assert canaries_in(ledger_rows(f"sqlite:///{home / 'ledger.db'}"))


def test_a_fault_with_one_keeps_nobody_else_from_being_forgotten(
    perennial: Perennial, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish(perennial)
    theirs = set(keys_of(perennial, QUIRINA))
    stuck = {path for e in perennial.mailbox() if e.key in theirs for path in (e.path, e.html)}
    unlink = Path.unlink

    def refused(path: Path, **named: Any) -> None:
        if path in stuck:
            raise PermissionError(13, "Permission denied")
        unlink(path, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        with pytest.raises(ErasureError, match=r"^1 of 2 accounts .* Permission denied"):
            perennial.erase(QUIRINA, **ASKED)
        with pytest.raises(ErasureError, match=r"^1 of 2 accounts"):
            perennial.erase(ANN, **ASKED)
    assert not is_named(home, ANN)

    assert perennial.finish_erasures().finished == 1
    assert left_of(home) == {}


def before_publishing(
    monkeypatch: pytest.MonkeyPatch, dataset: str, day: date, deed: Callable[[], object]
) -> list[Partition]:
    """Has something happen when a partition is made and not yet to be seen; gives the partitions where it did."""
    publishing, done = Lake.publishing, []

    @contextmanager
    def watched(
        lake: Lake, partition: Partition, *, replacing: str | None = None
    ) -> Iterator[Path]:
        with publishing(lake, partition, replacing=replacing) as draft:
            yield draft
            if (partition.dataset, partition.day) == (dataset, day) and not done:
                done.append(partition)
                deed()

    monkeypatch.setattr(Lake, "publishing", watched)
    return done


@pytest.mark.parametrize(
    "dataset",
    ["raw/customers", "raw/orders", "raw/order_lines", "checked/customers", "checked/orders",
     "contacts", "customer_features", "memberships"],
)  # fmt: skip
def test_a_night_that_had_read_her_rows_when_she_went_leaves_nothing_of_her(
    home: Path, monkeypatch: pytest.MonkeyPatch, dataset: str
) -> None:
    told_again(home / "shop.db", datetime(2026, 6, 10, 15, tzinfo=UTC))

    def erase() -> None:
        with services(home_of(home)) as another:
            another.erase(QUIRINA, **ASKED)

    erased_during = before_publishing(monkeypatch, dataset, NEXT, erase)
    with services(home_of(home)) as perennial:
        perennial.night(NEXT)
        erasures = perennial.ledger.erased()

    assert erased_during
    assert left_of(home) == {}
    assert all(erasure.finished_at for erasure in erasures)


def test_a_plan_that_had_decided_about_her_when_she_went_is_mended_by_the_next_night(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def erase() -> None:
        with services(home_of(home)) as another:
            another.erase(QUIRINA, **ASKED)

    erased_during = before_publishing(monkeypatch, "decisions", DAY, erase)
    with services(home_of(home)) as perennial:
        wish(perennial)
        account = perennial.account("birthday", DAY)
        perennial.night(NEXT)

    assert erased_during
    assert left_of(home) == {}
    assert account.blocked == {"suppressed": 1}


def test_whoever_went_long_ago_is_not_looked_for_night_after_night(
    perennial: Perennial, monkeypatch: pytest.MonkeyPatch
) -> None:
    perennial.erase(QUIRINA, **ASKED)
    looked: list[int] = []
    accounts_named = Ledger.accounts_named
    monkeypatch.setattr(
        Ledger, "accounts_named", lambda ledger: looked.append(1) or accounts_named(ledger)
    )

    perennial.finish_erasures()
    perennial.simulated_now = perennial.now() + timedelta(days=3)
    perennial.finish_erasures()

    assert len(looked) == 1
