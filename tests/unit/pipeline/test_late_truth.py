"""Who entered and left an audience, and why: from one day to another, and by what came in late."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.campaigns.definition import Audience, Campaign, Step
from perennial.errors import MissingPartition, SettingsError
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.ledger.store import Ledger
from perennial.model.policy import Policy
from perennial.model.shop import Points
from perennial.model.words import Channel
from perennial.pipeline.difference import Difference, Moved
from perennial.pipeline.difference_words import Because, Cause, Changed, Move, why
from perennial.pipeline.differing import compare_sides
from perennial.pipeline.known_later import (
    as_formed,
    beside_the_lake,
    check_days,
    rebuild_day,
    stored_side,
)
from perennial.pipeline.understanding import form_audiences, understand_customers
from perennial.settings import PROJECT
from shop_builder import DAY, TinyShop, a_shop, noon

LATER = DAY + timedelta(days=5)
EIGHTY_DAYS = (80, 70, 60)
QUIET = "silence_ratio >= 2.3 and orders >= 2"


def a_campaign(name: str, occasion: str, where: str | None = None) -> Campaign:
    return Campaign(
        name=name,
        path=Path(f"campaigns/{name}.yaml"),
        title=name,
        audience=Audience(occasion=occasion, where=where, open_for=7),
        steps=(Step(after_days=0, template=name),),
        channels=(Channel.EMAIL,),
        send_at=time(10, 30),
        expires_after=timedelta(hours=12),
    )


BIRTHDAY = a_campaign("birthday", "birthday")
WIN_BACK = a_campaign("win_back", "last_order_id", QUIET)
REMINDER = a_campaign("reminder", "points_expiry")
SURVEY = a_campaign("survey", "delivered_order")
CAMPAIGNS = (BIRTHDAY, WIN_BACK, REMINDER, SURVEY)


@dataclass(kw_only=True)
class Nights:
    """A lake with a day's night, and what a later night brings."""

    engine: Engine
    known: TinyShop = field(
        default_factory=lambda: TinyShop(shop=a_shop(points=Points(redemption_minimum=100)))
    )
    more: TinyShop = field(default_factory=TinyShop)

    def lay(self) -> None:
        self.known.lay(self.engine)
        self.more.lay(self.engine, LATER)

    def later(self, dataset: str, row: dict[str, Any], **changes: Any) -> None:
        """The later night brings a row once more, corrected."""
        self.more.rows[dataset].append(row | changes | {"updated_at": noon(-1)})

    def form(self, day: date, *campaigns: Campaign) -> None:
        """The day's night."""
        understand_customers(self.engine, day, self.known.shop)
        form_audiences(self.engine, day, self.known.shop, Policy(), campaigns or CAMPAIGNS)

    def by_what_came_late(self, ledger: Ledger, only: str | None = None) -> Difference:
        """The day's audiences as known on the day and on the later one."""
        self.lay()
        with beside_the_lake(self.engine.lake, memory_limit="500MB", threads=1) as engine:
            sides = [
                rebuild_day(engine, ledger, DAY, known, self.known.shop, Policy(), CAMPAIGNS)
                for known in (DAY, LATER)
            ]
            return compare_sides(engine, *sides, self.known.shop, CAMPAIGNS, only)


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with Engine(Lake(tmp_path / "lake"), memory_limit="500MB", threads=1) as engine:
        yield Nights(engine=engine)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}")
    ledger.migrate()
    yield ledger
    ledger.close()


def moves(found: Difference) -> dict[tuple[str, str], Moved]:
    return {(m.campaign, m.customer_id): m for each in found.campaigns for m in each.moved}


def causes(moved: Moved) -> list[Cause]:
    return [because.cause for because in moved.causes]


def told(found: Difference, campaign: str, *, people: bool = True) -> list[str]:
    each = next(c for c in found.as_json(people=people)["campaigns"] if c["campaign"] == campaign)
    return [customer["why"] for customer in each["customers"]]


def quiet_customer(nights: Nights) -> list[str]:
    """She orders every ten days, and has been silent for sixty."""
    nights.known.customer()
    return [nights.known.order(days_ago) for days_ago in EIGHTY_DAYS]


def test_a_late_order_takes_a_customer_out_of_a_win_back(nights: Nights, ledger: Ledger) -> None:
    quiet_customer(nights)
    nights.more.order(2, order_id="late", updated_at=noon(-1))
    found = nights.by_what_came_late(ledger, "win_back")
    moved = moves(found)["win_back", "ann"]
    assert moved.move is Move.LEFT
    assert causes(moved) == [Cause.LATE_ORDER]
    assert told(found, "win_back") == [
        "An order of the time before came in late (late): silence_ratio 6.0 → 0.2."
    ]


def test_a_refund_puts_a_customer_into_an_audience(nights: Nights, ledger: Ledger) -> None:
    quiet_customer(nights)
    recent = nights.known.order(2)
    nights.later("orders", nights.known.rows["orders"][-1], status="refunded")
    moved = moves(nights.by_what_came_late(ledger, "win_back"))["win_back", "ann"]
    assert moved.move is Move.ENTERED
    assert [(b.cause, b.rows) for b in moved.causes] == [(Cause.REFUNDED_ORDER, (recent,))]
    assert [(c.column, c.after) for c in moved.changed] == [("silence_ratio", "6.0")]


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"status": "cancelled"}, Cause.CANCELLED_ORDER),
        ({"ordered_at": noon(59)}, Cause.CORRECTED_ORDER),
        ({"customer_id": "bob"}, Cause.MISSING_ORDER),
    ],
)
def test_whatever_takes_an_order_away_is_told_as_what_it_is(
    nights: Nights, ledger: Ledger, changes: dict[str, Any], cause: Cause
) -> None:
    quiet_customer(nights)
    nights.known.customer("bob")
    nights.known.order(2)
    nights.later("orders", nights.known.rows["orders"][-1], **changes)
    assert causes(moves(nights.by_what_came_late(ledger))["win_back", "ann"]) == [cause]


def test_a_corrected_birthday_is_told_without_the_date(nights: Nights, ledger: Ledger) -> None:
    for name, born, corrected in (
        ("ann", date(1990, 5, 1), date(1990, 11, 21)),
        ("bob", date(1990, 11, 21), date(1990, 5, 1)),
        ("cat", None, date(1980, 11, 21)),
    ):
        nights.known.customer(name, birth_date=born)
        nights.later("customers", nights.known.rows["customers"][-1], birth_date=corrected)
    found = nights.by_what_came_late(ledger)
    moved = moves(found)
    assert {who: m.move for (_, who), m in moved.items()} == {
        "ann": Move.ENTERED,
        "bob": Move.LEFT,
        "cat": Move.ENTERED,
    }
    assert all(causes(m) == [Cause.CORRECTED_PROFILE] for m in moved.values())
    assert told(found, "birthday") == [
        "What is known about the customer was corrected: birth_date was corrected.",
        "What is known about the customer was corrected: birth_date was corrected.",
        "What is known about the customer was corrected: birth_date came to be known.",
    ]
    assert "1990" not in str(found.as_json(people=True)["campaigns"])


def test_merged_accounts_stay_in_the_audience_as_one_person(nights: Nights, ledger: Ledger) -> None:
    for name in ("ann", "bob"):
        nights.known.customer(name, birth_date=date(1990, 11, 21), email_key=name)
    nights.later("contacts", nights.known.rows["contacts"][-1], email_key="ann")
    found = nights.by_what_came_late(ledger)
    assert {who: m.move for (_, who), m in moves(found).items()} == {"bob": Move.OTHER_PERSON}
    assert causes(moves(found)["birthday", "bob"]) == [Cause.MERGED_ACCOUNTS]


def test_parted_accounts_are_told_as_such(nights: Nights, ledger: Ledger) -> None:
    for name in ("ann", "bob"):
        nights.known.customer(name, birth_date=date(1990, 11, 21), email_key="ann")
    nights.later("contacts", nights.known.rows["contacts"][-1], email_key="bob")
    moved = moves(nights.by_what_came_late(ledger))
    assert causes(moved["birthday", "bob"]) == [Cause.PARTED_ACCOUNTS]


def test_late_points_put_a_customer_into_a_reminder(nights: Nights, ledger: Ledger) -> None:
    nights.known.customer()
    nights.more.points(200, 20, entry_id="late", expires_in=10)
    found = nights.by_what_came_late(ledger)
    moved = moves(found)["reminder", "ann"]
    assert (moved.move, causes(moved)) == (Move.ENTERED, [Cause.LATE_POINTS])
    assert "points_balance 0 → 200" in told(found, "reminder")[0]


def test_a_late_delivery_and_a_late_return_are_told(nights: Nights, ledger: Ledger) -> None:
    for name in ("ann", "bob"):
        nights.known.customer(name)
    nights.known.order(8, customer="ann", status="shipped", delivered_at=None)
    nights.later("orders", nights.known.rows["orders"][0], status="delivered", delivered_at=noon(6))
    nights.known.order(8, customer="bob", delivered_at=noon(6))
    nights.later("orders", nights.known.rows["orders"][1], return_state="open")
    moved = moves(nights.by_what_came_late(ledger))
    assert (moved["survey", "ann"].move, causes(moved["survey", "ann"])) == (
        Move.ENTERED,
        [Cause.DELIVERED_ORDER],
    )
    assert (moved["survey", "bob"].move, causes(moved["survey", "bob"])) == (
        Move.LEFT,
        [Cause.RETURNED_ORDER],
    )


def test_an_account_that_came_in_late_is_told_and_a_later_one_stays_out(
    nights: Nights, ledger: Ledger
) -> None:
    nights.known.customer("ann")
    nights.more.customer("bob", birth_date=date(1990, 11, 21))
    nights.more.customer("cat", birth_date=date(1990, 11, 21), signed_up_at=noon(-1))
    moved = moves(nights.by_what_came_late(ledger))
    assert {who: causes(m) for (_, who), m in moved.items()} == {"bob": [Cause.LATE_ACCOUNT]}


def test_what_happened_after_the_day_makes_no_difference_to_it(
    nights: Nights, ledger: Ledger
) -> None:
    quiet_customer(nights)
    nights.more.order(-1, order_id="after")
    nights.more.points(500, -1, expires_in=10)
    assert moves(nights.by_what_came_late(ledger)) == {}


def test_a_figure_of_the_whole_shop_that_moves_somebody_is_told_as_such(
    nights: Nights, ledger: Ledger
) -> None:
    # Ann has one gap only: how long she may be silent is a matter of the shop's usual gap, which bob's orders make.
    nights.known.customer("ann")
    for days_ago in (62, 60):
        nights.known.order(days_ago, customer="ann")
    nights.known.customer("bob")
    for days_ago in range(100, 400, 100):
        nights.known.order(days_ago, customer="bob")
    for number, days_ago in enumerate(range(100, 400, 5)):
        nights.more.order(days_ago, customer="bob", order_id=f"late-{number}")
    moved = moves(nights.by_what_came_late(ledger))["win_back", "ann"]
    assert (moved.move, causes(moved)) == (Move.ENTERED, [Cause.WHOLE_SHOP])


def test_two_days_are_compared_as_their_nights_left_them(nights: Nights) -> None:
    quiet_customer(nights)
    for name, days_ago in (("bob", (33, 22, 11)), ("dan", (80, 70, 60))):
        nights.known.customer(name)
        for ago in days_ago:
            nights.known.order(ago, customer=name)
    nights.known.customer("cat", birth_date=date(1990, 11, 26))
    nights.more.order(-2, customer="ann", order_id="again")
    nights.more.customer("eve", birth_date=date(1990, 11, 26), signed_up_at=noon(-2))
    nights.lay()
    for day in (DAY, LATER, LATER + timedelta(days=30)):
        nights.form(day, BIRTHDAY, WIN_BACK)
    found = compare_sides(
        nights.engine, stored_side(DAY), stored_side(LATER), nights.known.shop, CAMPAIGNS
    )
    assert {key: (m.move, causes(m)) for key, m in moves(found).items()} == {
        ("birthday", "cat"): (Move.ENTERED, [Cause.TIME]),
        ("birthday", "eve"): (Move.ENTERED, [Cause.NEW_ACCOUNT]),
        ("win_back", "ann"): (Move.LEFT, [Cause.NEW_ORDER]),
    }
    a_month = stored_side(LATER + timedelta(days=30))
    then = compare_sides(
        nights.engine, stored_side(LATER), a_month, nights.known.shop, CAMPAIGNS, "win_back"
    )
    assert causes(moves(then)["win_back", "bob"]) == [Cause.TIME]
    assert told(then, "win_back")[0] != ""


def test_a_campaign_of_another_rule_on_the_second_day_is_told_as_such(nights: Nights) -> None:
    nights.known.customer()
    nights.known.order(10)
    nights.lay()
    nights.form(DAY, a_campaign("win_back", "last_order_id", "orders >= 5"))
    nights.form(LATER, a_campaign("win_back", "last_order_id", "orders >= 1"))
    found = compare_sides(
        nights.engine, stored_side(DAY), stored_side(LATER), nights.known.shop, CAMPAIGNS
    )
    assert causes(moves(found)["win_back", "ann"]) == [Cause.OTHER_RULES]


def test_a_campaign_whose_file_is_gone_is_compared_all_the_same(nights: Nights) -> None:
    quiet_customer(nights)
    nights.lay()
    nights.form(DAY, WIN_BACK)
    nights.form(LATER, BIRTHDAY)
    found = compare_sides(
        nights.engine, stored_side(DAY), stored_side(LATER), nights.known.shop, [BIRTHDAY]
    )
    assert causes(moves(found)["win_back", "ann"]) == [Cause.OTHER_RULES]


def test_nobody_is_told_by_what_is_shown_without_asking(nights: Nights, ledger: Ledger) -> None:
    quiet_customer(nights)
    nights.more.order(2, order_id="late-order-77")
    found = nights.by_what_came_late(ledger)
    masked = str(found.as_json())
    assert "late-order-77" not in masked
    assert "'ann'" not in masked
    assert "late-order-77" in str(found.as_json(people=True))


def test_three_examples_of_a_move_are_shown_and_everybody_is_counted(
    nights: Nights, ledger: Ledger
) -> None:
    for number in range(9):
        nights.more.customer(f"late-{number}", birth_date=date(1990, 11, 21))
    nights.known.customer()
    found = nights.by_what_came_late(ledger, "birthday").as_json()
    (birthday,) = found["campaigns"]
    assert (birthday["before"], birthday["after"], birthday["moves"]["entered"]) == (0, 9, 9)
    assert [c["customers"] for c in birthday["causes"]] == [9]
    assert len(birthday["customers"]) == 3


def _everything(lake: Path) -> dict[str, str]:
    return {
        str(path.relative_to(lake)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in lake.rglob("*")
        if path.is_file()
    }


def test_a_comparison_leaves_the_lake_as_it_was(nights: Nights, ledger: Ledger) -> None:
    quiet_customer(nights)
    nights.more.order(2, order_id="late")
    nights.lay()
    nights.form(DAY)
    before = _everything(nights.engine.lake.root)
    with beside_the_lake(nights.engine.lake, memory_limit="500MB", threads=1) as engine:
        side = rebuild_day(engine, ledger, DAY, DAY, nights.known.shop, Policy(), CAMPAIGNS)
        assert as_formed(nights.engine, engine, side) is True
        other = rebuild_day(engine, ledger, DAY, LATER, nights.known.shop, Policy(), CAMPAIGNS)
        assert as_formed(nights.engine, engine, other) is False
    assert _everything(nights.engine.lake.root) == before
    assert not list((nights.engine.lake.root / ".scratch").iterdir())


def test_days_that_nobody_can_compare_are_refused(nights: Nights) -> None:
    nights.known.customer()
    nights.lay()
    check_days(nights.engine.lake, DAY, LATER)
    with pytest.raises(SettingsError, match="came later"):
        check_days(nights.engine.lake, LATER, DAY)
    with pytest.raises(MissingPartition, match="perennial night"):
        check_days(nights.engine.lake, DAY, LATER + timedelta(days=1))


_PEOPLE = [f"c{number:02}" for number in range(20)]
_ORDERS = st.lists(
    st.tuples(st.integers(1, 90), st.sampled_from(_PEOPLE)), min_size=40, max_size=80
)


@settings(max_examples=4)  # each is twenty customers and three nights
@given(known=_ORDERS, late=_ORDERS, refunded=st.sets(st.integers(0, 79)))
def test_the_later_truth_is_that_of_a_night_that_had_known_it_all(
    ledger: Ledger,
    tmp_path_factory: pytest.TempPathFactory,
    known: list[tuple[int, str]],
    late: list[tuple[int, str]],
    refunded: set[int],
) -> None:
    """Whoever moves has a cause of their own, and the second side has whom a night with everything would have had."""
    shop, all_at_once = TinyShop(), TinyShop()
    for each in (shop, all_at_once):
        for name in _PEOPLE:
            each.customer(name)
    more = TinyShop()
    for number, (days_ago, name) in enumerate(known):
        first = {"order_id": f"k{number}", "customer": name, "total": Decimal(10)}
        shop.order(days_ago, **first)
        if number in refunded:
            more.order(days_ago, **first, status="refunded")
        status = "refunded" if number in refunded else "delivered"
        all_at_once.order(days_ago, **first, status=status)
    for number, (days_ago, name) in enumerate(late):
        for each in (more, all_at_once):
            each.order(days_ago, order_id=f"l{number}", customer=name)
    root = tmp_path_factory.mktemp("lakes")
    with (
        Engine(Lake(root / "one"), memory_limit="500MB", threads=1) as engine,
        Engine(Lake(root / "two"), memory_limit="500MB", threads=1) as informed,
    ):
        night = Nights(engine=engine, known=shop, more=more)
        found = night.by_what_came_late(ledger, "win_back")
        once = Nights(engine=informed, known=all_at_once)
        once.lay()
        once.form(DAY, WIN_BACK)
        informed.view("memberships", stored_side(DAY).memberships)
        rightly = {row["customer_id"] for row in informed.rows("select * from memberships")}
    (win_back,) = found.campaigns
    assert win_back.after == len(rightly)
    entered = {m.customer_id for m in win_back.moved if m.move is Move.ENTERED}
    left = {m.customer_id for m in win_back.moved if m.move is Move.LEFT}
    assert entered <= rightly
    assert not left & rightly
    assert all(causes(m) for m in win_back.moved)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_explained_on_the_page_about_late_truth(cause: Cause) -> None:
    page = (PROJECT / "docs" / "how-to" / "late-truth.md").read_text(encoding="utf-8")
    assert f"`{cause.value}`" in page


def test_figures_are_rounded_unless_nothing_would_be_left_of_the_difference() -> None:
    time_passed = [Because(cause=Cause.TIME)]
    figures = [
        Changed(column="silence_ratio", before="2.068966", after="2.4"),
        Changed(column="usual_gap_days", before="2.299999", after="2.300001"),
        Changed(column="reward_reached_on", before=None, after="2026-11-20"),
    ]
    assert why(time_passed, figures, ids=False) == (
        "Time has passed: silence_ratio 2.07 → 2.4, usual_gap_days 2.299999 → 2.300001,"
        " reward_reached_on not known → 2026-11-20."
    )
