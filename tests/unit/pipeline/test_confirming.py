"""A yes to emails that counts only once it is confirmed: who is asked, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from perennial.audience.memberships import build_memberships
from perennial.campaigns.definition import Audience, Campaign, Step
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.ledger.store import ConsentEntry, Ledger
from perennial.model.policy import DoubleOptIn, Policy
from perennial.model.words import Channel, ConsentSource, ConsentState, Topic
from perennial.pipeline.understanding import form_audiences, understand_customers
from shop_builder import DAY, TinyShop, noon

RULE = DoubleOptIn(starts_on=DAY - timedelta(days=20), countries=frozenset({"DE", "AT"}))
ASKS = Campaign(
    name="confirm",
    path=Path("campaigns/confirm.yaml"),
    title="confirm",
    audience=Audience(occasion="pending_consent"),
    steps=(Step(after_days=0, template="confirm_consent"),),
    channels=(Channel.EMAIL,),
    send_at=time(10, 30),
    expires_after=timedelta(hours=12),
)


@dataclass
class Night:
    """Customers of a German-speaking shop, what they said, and who is asked to confirm it."""

    engine: Engine
    ledger: Ledger
    tiny: TinyShop = field(default_factory=TinyShop)
    policy: Policy = field(default_factory=lambda: Policy(double_opt_in=RULE))

    def customer(self, customer_id: str = "ann", *, country: str = "DE", **more: Any) -> None:
        self.tiny.customer(customer_id, **more)
        self.tiny.rows["contacts"][-1]["country"] = country

    def says(self, state: str, days_ago: float, *, who: str = "ann", **more: Any) -> None:
        """In the shop."""
        given = {"consent_id": f"c{len(self.tiny.rows['consents'])}", "customer_id": who}
        what = {"channel": "email", "topic": "offers", "state": state}
        at = {"happened_at": noon(days_ago), "updated_at": noon(days_ago)}
        self.tiny.rows["consents"].append(given | what | at | more)

    def tells(self, state: ConsentState, days_ago: float, **more: Any) -> None:
        """The ledger."""
        given: dict[str, Any] = {
            "person_id": "ann",
            "customer_id": "ann",
            "channel": Channel.EMAIL,
            "topic": Topic.OFFERS,
            "state": state,
            "at": noon(days_ago),
            "how": ConsentSource.IMPORT,
        }
        self.ledger.record_consents([ConsentEntry(**(given | more))], recorded_at=noon(days_ago))

    def asked(self, day: date = DAY) -> dict[str, tuple[str, date]]:
        self.tiny.lay(self.engine, day)
        understand_customers(self.engine, day, self.tiny.shop)
        formed = form_audiences(
            self.engine, day, self.tiny.shop, self.policy, [ASKS], ledger=self.ledger
        )
        rows = self.engine.rows(f"select * from read_parquet('{formed.location}')")
        return {row["customer_id"]: (row["occasion"], row["open_until"]) for row in rows}

    def pending(self) -> list[tuple[str, datetime, str | None]]:
        words = self.ledger.consent_history("ann")
        return [(w.how, w.at, w.proof) for w in words if w.state is ConsentState.PENDING]


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    with Engine(Lake(tmp_path / "lake")) as engine:
        yield Night(engine=engine, ledger=ledger)
    ledger.close()


def test_a_new_yes_in_the_shop_is_kept_as_pending_and_asked_about(night: Night) -> None:
    night.customer()
    night.says("granted", 1)

    asked = night.asked()

    assert asked == {"ann": ("2026-11-20T17:00:00.000000+00:00", DAY + timedelta(days=5))}
    assert night.pending() == [(ConsentSource.SHOP, noon(1), "c0")]
    assert night.ledger.permissions_of("ann") == []


def test_the_same_night_again_asks_the_same_and_writes_nothing_new(night: Night) -> None:
    night.customer()
    night.says("granted", 1)
    first = night.asked()

    assert night.asked() == first
    assert len(night.pending()) == 1


@pytest.mark.parametrize(
    ("country", "said"),
    [
        pytest.param("US", {}, id="another country"),
        pytest.param("DE", {"channel": "sms"}, id="a text message"),
        pytest.param("DE", {"happened_at": noon(21)}, id="before the rule"),
        pytest.param("DE", {"state": "withdrawn"}, id="a no"),
    ],
)
def test_who_need_not_confirm_is_not_asked(
    night: Night, country: str, said: dict[str, Any]
) -> None:
    night.customer(country=country)
    night.says(**({"state": "granted", "days_ago": 1} | said))

    assert night.asked() == {}
    assert night.pending() == []


def test_without_a_policy_nobody_is_asked(night: Night) -> None:
    night.policy = Policy()
    night.customer()
    night.says("granted", 1)

    assert night.asked() == {}


def test_where_no_country_is_named_everybody_is_asked(night: Night) -> None:
    night.policy = Policy(double_opt_in=DoubleOptIn(starts_on=RULE.starts_on))
    night.customer(country="US")
    night.says("granted", 1)

    assert set(night.asked()) == {"ann"}


def test_it_is_asked_for_some_days_and_then_no_more(night: Night) -> None:
    night.customer("early")
    night.customer("late")
    night.says("granted", 6, who="early")
    night.says("granted", 7, who="late")

    assert set(night.asked()) == {"early"}


@pytest.mark.parametrize(
    ("shop", "ledger", "asks"),
    [
        pytest.param([("granted", 30), ("granted", 1)], [], False, id="agreed before the rule"),
        pytest.param([("granted", 2), ("withdrawn", 1)], [], False, id="taken back in the shop"),
        pytest.param([("withdrawn", 2), ("granted", 1)], [], True, id="a yes after a no"),
        pytest.param([("granted", 2)], [("withdrawn", 1)], False, id="taken back by a link"),
        pytest.param([("granted", 2)], [("granted", 1)], False, id="confirmed"),
        pytest.param([("granted", 1)], [("granted", 5)], False, id="confirmed before"),
        pytest.param([], [("pending", 1)], True, id="brought in from a file"),
        pytest.param(
            [("granted", 1)], [("granted", 5), ("withdrawn", 3)], True, id="again after a no"
        ),
    ],
)
def test_only_what_does_not_stand_yet_is_asked_about(
    night: Night, shop: list[tuple[str, int]], ledger: list[tuple[str, int]], *, asks: bool
) -> None:
    night.customer()
    for state, days_ago in shop:
        night.says(state, days_ago)
    for state, days_ago in ledger:
        night.tells(ConsentState(state), days_ago)

    assert set(night.asked()) == ({"ann"} if asks else set())


def test_several_topics_and_accounts_of_a_person_are_one_question(night: Night) -> None:
    """Case 43."""
    for customer in ("ann", "anna"):
        night.customer(customer, email_key="x")
    night.says("granted", 2, topic="offers")
    night.says("granted", 1, who="anna", topic="loyalty")

    asked = night.asked()

    assert asked == {"anna": ("2026-11-20T17:00:00.000000+00:00", DAY + timedelta(days=5))}


def test_what_was_said_on_the_day_itself_waits_for_the_next_night(night: Night) -> None:
    night.customer()
    night.tells(ConsentState.PENDING, -0.1)

    assert night.asked() == {}
    assert set(night.asked(DAY + timedelta(days=1))) == {"ann"}


def test_without_a_ledger_nobody_is_asked(night: Night) -> None:
    night.customer()
    night.says("granted", 1)
    night.asked()

    formed = build_memberships(night.engine, DAY, night.tiny.shop, night.policy, [ASKS], {})

    assert formed.rows == 0
