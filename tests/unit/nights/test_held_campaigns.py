"""A campaign whose audience is odd is held until a person has looked at it. Case 45."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from command_runner import Run
from one_person import DAY, NEXT, a_shop_with_quirina, home_of
from perennial.errors import PlanError
from perennial.model.words import AuditAction, Channel
from perennial.pipeline.learning import keep_figures
from perennial.steps.services import Perennial, services

REASON = "Everybody was asked at the fair."
MEMBERS = 60
TOLD_AT = f"{DAY} 12:00:00"
ON_NEXT = ("--day", NEXT.isoformat())


@dataclass(frozen=True)
class Case:
    """How many had a birthday on the last days, and what the shop says today."""

    usual: int = MEMBERS
    today: str = "select 1"


ODD = {
    "empty": Case(today=f"update customers set birth_date = null, updated_at = '{TOLD_AT}'"),
    "ten_times_last_night": Case(usual=5),
    "no_consents": Case(
        today=f"update consents set state = 'withdrawn', happened_at = '{TOLD_AT}', updated_at = '{TOLD_AT}'"
    ),
}


@pytest.fixture(scope="module")
def many_birthdays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night of a shop with many birthdays on the next day, all of them agreed."""
    home = tmp_path_factory.mktemp("birthdays")
    a_shop_with_quirina(home / "shop.db")
    with sqlite3.connect(home / "shop.db") as shop:
        _copies(shop, "customers", {"birth_date": f"'1990-{NEXT:%m-%d}'"})
        _copies(shop, "consents", {"consent_id": "consent_id || '-' || n.value"})
    with services(home_of(home)) as perennial:
        perennial.night(DAY)
    return home


def _copies(shop: sqlite3.Connection, table: str, changes: dict[str, str]) -> None:
    """The rows of customer c1, once more for each of many others."""
    own = {
        "customer_id": "'n' || n.value",
        "email": "'n' || n.value || '@people.example'",
        "phone": "null",
    }
    columns = [row[1] for row in shop.execute(f"pragma table_info({table})")]
    chosen = ", ".join((own | changes).get(c, f"{table}.{c}") for c in columns)
    shop.execute(
        f"with recursive n(value) as (select 1 union all select value + 1 from n where value < {MEMBERS})"
        f" insert into {table} select {chosen} from {table}, n where customer_id = 'c1'"
    )


@pytest.fixture
def home(many_birthdays: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(many_birthdays, tmp_path / "home"))


@pytest.fixture
def perennial(home: Path) -> Iterator[Perennial]:
    with services(home_of(home)) as installation:
        yield installation


def next_night(perennial: Perennial, home: Path, case: Case) -> None:
    figures = {"members": case.usual, "agreed": case.usual, "customers": MEMBERS + 10}
    keep_figures(perennial.engine.lake, "audience.birthday", DAY, figures)
    with sqlite3.connect(home / "shop.db") as shop:
        shop.execute(case.today)
    perennial.night(NEXT)


def nothing_has_left(perennial: Perennial, home: Path) -> bool:
    begun = perennial.ledger.dispatch_begun("birthday", NEXT)
    return not begun and not (home / "mailbox" / "accepted.jsonl").exists()


@pytest.mark.parametrize("case", ODD.values(), ids=ODD)
def test_an_odd_audience_is_held_until_somebody_approves(
    case: Case, perennial: Perennial, home: Path, run: Run
) -> None:
    """Case 45: segment empty, ten times last night's, or without consents."""
    next_night(perennial, home, case)

    refused = run("send", "birthday", *ON_NEXT)

    assert f"birthday of {NEXT} is held for approval:" in str(refused.fault)
    assert nothing_has_left(perennial, home)
    (audience,) = perennial.night_figures(NEXT).audiences
    assert audience.held

    assert run("send", "birthday", *ON_NEXT, "--approve-anyway", REASON).fault is None

    (entry,) = perennial.ledger.audit_log(action=AuditAction.RELEASED)
    account = perennial.account("birthday", NEXT)
    assert entry.subject.startswith(f"birthday {NEXT} ")
    assert entry.reason.startswith(f"{REASON} (released: audience of birthday: ")
    assert account.accepted == account.plan.send


def test_an_audience_as_on_other_days_needs_nobody(
    perennial: Perennial, home: Path, run: Run
) -> None:
    """Case 45: no false hold."""
    next_night(perennial, home, Case())

    assert run("send", "birthday", *ON_NEXT).fault is None

    assert perennial.account("birthday", NEXT).accepted
    assert not perennial.ledger.audit_log(action=AuditAction.RELEASED)


def test_a_plan_that_is_held_does_not_leave_by_any_way(perennial: Perennial, home: Path) -> None:
    """Case 45: not even by a task that nobody asked."""
    next_night(perennial, home, ODD["ten_times_last_night"])
    planned = perennial.plan("birthday", NEXT)

    with pytest.raises(PlanError, match="held for approval"):
        perennial.dispatch("birthday", NEXT, plan_hash=planned.plan_hash, shard=0)

    assert nothing_has_left(perennial, home)


def test_an_approval_is_void_when_the_plan_is_another_one(perennial: Perennial, home: Path) -> None:
    """Case 45."""
    next_night(perennial, home, ODD["ten_times_last_night"])
    seen = perennial.plan("birthday", NEXT)
    perennial.approve("birthday", NEXT, plan_hash=seen.plan_hash, by="ann", reason=REASON)
    for number in range(1, MEMBERS):
        address = f"n{number}@people.example"
        perennial.suppress_by_hand(address, Channel.EMAIL, by="ann", reason="asked us")

    again = perennial.plan("birthday", NEXT)

    assert again.plan_hash != seen.plan_hash
    with pytest.raises(PlanError, match="held for approval"):
        perennial.dispatch("birthday", NEXT, plan_hash=again.plan_hash)


def test_what_was_approved_is_usual_afterwards(perennial: Perennial, home: Path) -> None:
    """Case 45: the same size is not held again on the next day."""
    next_night(perennial, home, ODD["ten_times_last_night"])
    planned = perennial.plan("birthday", NEXT)
    figures = perennial.engine.lake.root / "figures" / f"day={NEXT}" / "audience.birthday.json"
    assert not figures.exists()

    perennial.approve("birthday", NEXT, plan_hash=planned.plan_hash, by="ann", reason=REASON)

    assert figures.exists()
    assert perennial.holds("birthday", NEXT, plan_hash=planned.plan_hash) == []
