from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from one_person import (
    CANARIES,
    DAY,
    HER_OTHER_ACCOUNT,
    NEXT,
    QUIRINA,
    canaries_in,
    everything_under,
    home_of,
    ledger_rows,
    told_again,
)
from perennial.errors import UnknownPerson
from perennial.features import runner, slices
from perennial.features.carrying import earlier_figures, holding_figures
from perennial.lake.partitions import Lake, Partition
from perennial.lake.rewriting import rewrite
from perennial.lake.taking_snapshots import take_snapshots
from perennial.ledger.values import ConsentEntry
from perennial.model.events import ProviderEvent
from perennial.model.words import (
    CaseReason,
    Channel,
    ConsentSource,
    ConsentState,
    EventWord,
    MessageState,
    PreferenceName,
    SurveyScale,
    Topic,
)
from perennial.pipeline import erasing_lake
from perennial.steps.services import Perennial, services
from states_of_messages import put_in

ASKED = {"by": "kim", "reason": "asked by letter"}
NOW = datetime(2026, 6, 12, 9, tzinfo=UTC)


def wish(perennial: Perennial) -> None:
    """Plans and sends the birthday wishes of the day: to her, too."""
    plan = perennial.plan("birthday", DAY)
    perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)


def her_key(perennial: Perennial) -> str:
    (message,) = perennial.person(QUIRINA).messages
    return str(message["key"])


def all_that_can_be_said(perennial: Perennial) -> None:
    """She answers, complains, prefers and consents; a page of the day and a snapshot tell of her."""
    key, ledger = her_key(perennial), perennial.ledger
    ledger.record_answer(key, scale=SurveyScale.CSAT, score=1, comment="Quirina here", at=NOW)
    ledger.open_case(key, why=CaseReason.LOW_SCORE, at=NOW)
    case = ledger.cases()[0]
    ledger.close_case(case.id, by="kim", note="Called Zapfelhuber", at=NOW)
    ledger.prefer(
        QUIRINA, QUIRINA, {PreferenceName.BIRTH_DATE: "1974-06-10"}, at=NOW,
        how=ConsentSource.PREFERENCE_PAGE, proof=key,
    )  # fmt: skip
    said = ConsentEntry(
        person_id=QUIRINA, customer_id=QUIRINA, channel=Channel.EMAIL, topic=Topic.OFFERS,
        state=ConsentState.GRANTED, at=NOW, how=ConsentSource.PREFERENCE_PAGE,
    )  # fmt: skip
    ledger.record_consents([said], recorded_at=NOW)
    perennial.report(DAY)
    assert take_snapshots(perennial.engine, NEXT, every=0)


def test_nothing_of_her_is_left_anywhere(perennial: Perennial, home: Path) -> None:
    wish(perennial)
    all_that_can_be_said(perennial)
    before = canaries_in(everything_under(home))

    erased = perennial.erase(HER_OTHER_ACCOUNT, **ASKED)

    assert {word for words in before.values() for word in words} == set(CANARIES)
    assert (erased.finished, erased.waiting) == (2, ())
    assert canaries_in(everything_under(home)) == {}
    assert canaries_in(ledger_rows(f"sqlite:///{home / 'ledger.db'}")) == {}


@pytest.mark.postgres
def test_nothing_of_her_is_left_in_postgresql(home: Path, postgres_url: Callable[..., str]) -> None:
    url = postgres_url()
    with services(home_of(home, ledger_url=url)) as perennial:
        wish(perennial)
        all_that_can_be_said(perennial)

        erased = perennial.erase(QUIRINA, **ASKED)

    assert erased.finished == 2
    assert canaries_in(ledger_rows(url)) == {}


def test_everybody_else_is_as_before_row_for_row(perennial: Perennial) -> None:
    wish(perennial)
    engine = perennial.engine
    partitions = [
        p
        for d in (
            "contacts",
            "customer_features",
            "memberships",
            "verified/orders",
            "raw/customers",
        )
        for p in engine.lake.partitions(d)
    ]

    def rows_of_others() -> list[list[str]]:
        return [
            [str(row) for row in engine.rows(f"from read_parquet('{engine.lake.path(p)}')")
             if not str(row["customer_id"]).startswith("Q")]
            for p in partitions
        ]  # fmt: skip

    before = rows_of_others()
    perennial.erase(QUIRINA, **ASKED)

    assert rows_of_others() == before
    assert all(before)


@pytest.fixture
def carrying(perennial: Perennial, monkeypatch: pytest.MonkeyPatch) -> Perennial:
    """The little shop, which is large enough to carry what it has found out about orders."""
    monkeypatch.setattr(slices, "CUSTOMERS_A_SLICE", 1)
    monkeypatch.setattr(slices, "CUSTOMERS_A_PART", 2)
    monkeypatch.setattr(runner, "_WORTH_CARRYING", 2)
    perennial.understand(DAY)
    return perennial


def test_figures_that_are_carried_lose_her_and_are_carried_on_for_everybody_else(
    carrying: Perennial,
) -> None:
    lake = carrying.engine.lake
    (written,) = holding_figures(lake)

    carrying.erase(QUIRINA, **ASKED)

    (left,) = holding_figures(lake)
    assert canaries_in(everything_under(lake.root / "figures")) == {}
    assert written.ends[0] == HER_OTHER_ACCOUNT
    assert left.ends == ("", *written.ends[1:])
    assert earlier_figures(lake, NEXT, carrying.shop) == left


def test_figures_do_not_hold_when_a_night_has_changed_what_they_are_made_of_while_she_went(
    carrying: Perennial, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = carrying.engine.lake
    orders = Partition(dataset="verified/orders", day=DAY)

    def mended(_: Lake) -> None:
        rewrite(lake, orders, lambda rows: rows)

    monkeypatch.setattr(erasing_lake, "remove_broken_snapshots", mended)

    carrying.erase(QUIRINA, **ASKED)

    assert not list(lake.partitions("figures"))


def test_the_accounts_of_a_day_still_add_up(perennial: Perennial) -> None:
    wish(perennial)
    before = perennial.account("birthday", DAY)

    perennial.erase(QUIRINA, **ASKED)

    assert perennial.account("birthday", DAY) == before
    assert before.accepted == before.plan.send


def test_a_plan_stays_approved_when_somebody_is_erased_from_it(perennial: Perennial) -> None:
    plan = perennial.plan("birthday", DAY)
    perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)
    perennial.erase(QUIRINA, **ASKED)
    perennial.erase("c1", **ASKED)

    again = perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)

    assert perennial.plan("birthday", DAY).plan_hash == plan.plan_hash
    assert set(again.counts.values()) <= {0}


def test_every_address_she_had_stays_suppressed(perennial: Perennial) -> None:
    contacts = perennial.person(QUIRINA).contacts
    keys = {row[name] for row in contacts for name in ("email_key", "phone_key") if row[name]}

    perennial.erase(QUIRINA, **ASKED)

    rows = perennial.ledger.suppressed().to_pylist()
    assert {(r["address_key"], r["channel"]) for r in rows} >= {
        (k, c) for k in keys for c in Channel
    }
    assert {r["reason"] for r in rows} == {"erased"}


def test_a_later_import_brings_nobody_back(perennial: Perennial, home: Path) -> None:
    perennial.erase(QUIRINA, **ASKED)
    told_again(home / "shop.db", datetime(2026, 6, 10, 15, tzinfo=UTC))

    perennial.night(NEXT)
    perennial.night(DAY, refresh=True)

    assert canaries_in(everything_under(home)) == {}
    with pytest.raises(UnknownPerson):
        perennial.person(QUIRINA)


def test_rows_that_are_left_out_are_counted(perennial: Perennial, home: Path) -> None:
    perennial.erase(QUIRINA, **ASKED)
    told_again(home / "shop.db", datetime(2026, 6, 10, 15, tzinfo=UTC))

    extracted = perennial.extract("customers", NEXT)

    assert (extracted["rows"], extracted["erased"]) == (0, 2)


def test_a_message_on_its_way_finishes_first(perennial: Perennial, home: Path) -> None:
    """Case 50."""
    wish(perennial)
    key = her_key(perennial)
    put_in(MessageState.IN_DOUBT, perennial, [key])

    erased = perennial.erase(QUIRINA, **ASKED)

    assert erased.finished == 1  # her other account, to which nothing was sent
    assert [(w.campaign, w.day) for w in erased.waiting] == [("birthday", DAY)]
    assert any(row["reason"] == "erased" for row in perennial.ledger.suppressed().to_pylist())
    perennial.rule_doubts([key], accepted=True, by="kim", reason="seen in the activity feed")
    assert perennial.finish_erasures().finished == 1
    assert canaries_in(everything_under(home)) == {}


def test_later_events_do_not_bring_her_back(perennial: Perennial, home: Path) -> None:
    """Case 50."""
    wish(perennial)
    key = her_key(perennial)
    perennial.erase(QUIRINA, **ASKED)
    event = ProviderEvent(
        key=key, word=EventWord.OPENED, provider="mailbox", at=NOW, provider_id=None, code=None
    )

    applied = perennial.apply_events([event])

    assert (applied.new, applied.parked) == (1, 0)
    assert canaries_in(everything_under(home)) == {}


def test_a_plan_that_is_still_carried_out_is_left_until_it_is_over(home: Path) -> None:
    """Case 50."""
    with services(home_of(home)) as perennial:
        plan = perennial.plan("birthday", DAY)
        perennial.simulated_now = datetime(2026, 6, 10, 12, tzinfo=UTC)

        erased = perennial.erase(QUIRINA, **ASKED)
        perennial.dispatch("birthday", DAY, plan_hash=plan.plan_hash)
        account = perennial.account("birthday", DAY)
        finished = perennial.finish_erasures()

    assert (erased.finished, finished.finished) == (0, 2)
    assert account.blocked == {"suppressed": 1}
    assert account.accepted == plan.send - 1
    assert canaries_in(everything_under(home)) == {}


def test_erasing_twice_is_harmless(perennial: Perennial) -> None:
    perennial.erase(QUIRINA, **ASKED)

    again = perennial.erase(QUIRINA, **ASKED)

    assert again.rows == 0
    assert all(erasure.finished_at for erasure in perennial.ledger.erased())


def test_nobody_of_that_id_cannot_be_erased(perennial: Perennial) -> None:
    with pytest.raises(UnknownPerson):
        perennial.erase("nobody", **ASKED)

    assert perennial.ledger.erased() == []
