"""What has yet to be confirmed is no consent, and the message that asks needs none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from perennial.campaigns.definition import Audience
from perennial.model.policy import Caps, DoubleOptIn
from perennial.model.words import Channel, Outcome, Reason
from plan_builder import A_POLICY, DAY, Town, a_campaign

RULE = DoubleOptIn(starts_on=DAY - timedelta(days=20), countries=frozenset({"DE"}))
ASKS = a_campaign(
    "confirm", channels=(Channel.EMAIL,), audience=Audience(occasion="pending_consent")
)
ASKED = "2026-06-09T12:00:00.000000+00:00"
NO = (Outcome.SKIP, Reason.NO_CONSENT)
YES = (Outcome.SEND, None)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path, policy=replace(A_POLICY, double_opt_in=RULE))


def outcome(town: Town, campaign: str = "win_back") -> tuple[str, str | None]:
    row = town.plan(campaign)["ann"]
    return row["outcome"], row["reason"]


@pytest.mark.parametrize(
    ("country", "days_ago", "expected"),
    [("DE", 5, NO), ("US", 5, YES), ("DE", 21, YES), ("DE", 19, NO)],
)
def test_a_new_yes_counts_only_where_it_need_not_be_confirmed(
    town: Town, country: str, days_ago: int, expected: tuple[str, str | None]
) -> None:
    town.customer("ann", country=country, consents=())
    town.consent("ann", "email offers", days_ago=days_ago)
    town.member("ann")

    assert outcome(town) == expected


def test_once_confirmed_it_counts_until_it_is_taken_back(town: Town) -> None:
    town.customer("ann", country="DE", consents=())
    town.consent("ann", "email offers", days_ago=5)
    town.tell_ledger("ann", "email offers", state="granted", days_ago=3)
    town.member("ann")
    assert outcome(town) == YES

    town.consent("ann", "email offers", days_ago=2)
    assert outcome(town) == YES

    town.consent("ann", "email offers", state="withdrawn", days_ago=1)
    assert outcome(town) == NO


def test_text_messages_need_no_second_yes(town: Town) -> None:
    town.customer("ann", country="DE", phone="+491711234567", email=None, consents=())
    town.consent("ann", "sms offers", days_ago=5)
    town.member("ann")

    assert outcome(town) == YES


def asking(town: Town, **changes: Any) -> None:
    """Ann agreed yesterday, and is asked today."""
    town.campaigns = [ASKS, a_campaign()]
    town.customer("ann", country="DE", consents=())
    town.consent("ann", "email offers", days_ago=1)
    town.member("ann", campaign="confirm", occasion=ASKED, **changes)


def test_the_message_that_asks_needs_no_consent_and_tells_when_it_was_given(town: Town) -> None:
    asking(town)

    row = town.plan("confirm")["ann"]

    assert (row["outcome"], row["reason"]) == YES
    assert row["consented_at"].isoformat() == "2026-06-09T12:00:00+00:00"


def test_it_is_never_left_out_or_capped(town: Town) -> None:
    caps = Caps(promotional_per_day=0, promotional_per_week=0)
    town.policy = replace(
        town.policy, caps=caps, global_holdout=Decimal(1), sunset_after=timedelta(days=1)
    )
    town.campaigns = [ASKS.model_copy(update={"holdout": Decimal(1)})]
    asking(town)
    town.campaigns[0] = ASKS.model_copy(update={"holdout": Decimal(1)})

    assert outcome(town, "confirm") == YES


def test_it_takes_nobody_elses_turn(town: Town) -> None:
    asking(town)
    town.tell_ledger("ann", "email offers", state="granted", days_ago=1)
    town.member("ann")

    assert outcome(town) == outcome(town, "confirm") == YES


def test_who_is_suppressed_or_was_asked_already_is_not_asked(town: Town) -> None:
    asking(town)
    town.suppress("key of ann@people.test")
    assert outcome(town, "confirm") == (Outcome.SKIP, Reason.SUPPRESSED)

    town.suppressed.clear()
    town.sent("ann", days_ago=1, campaign="confirm", occasion=ASKED, pressure="service")
    assert outcome(town, "confirm") == (Outcome.SKIP, Reason.ALREADY_SENT)
