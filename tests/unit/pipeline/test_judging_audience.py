"""A campaign's audience, held against its own past and against what its members have agreed to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from audience_nights import DAY, Audiences
from perennial.errors import MissingPartition, SuiteError
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.ledger.permitting import PERMISSIONS
from perennial.pipeline.judging_audience import read_audience_verdict, trust_audience
from perennial.validation.verdicts import Action, Verdict


@pytest.fixture
def audiences(tmp_path: Path) -> Iterator[Audiences]:
    with Engine(Lake(tmp_path / "lake")) as engine:
        yield Audiences(engine)


def _held_by(verdict: Verdict) -> set[str]:
    return {f.rule for f in verdict.findings if f.action is Action.HOLD}


@pytest.mark.parametrize(
    ("members", "agreed", "rule"),
    [
        (0, 0, "audience_not_lost"),
        (2, 2, "audience_not_lost"),
        (300, 300, "audience_not_flooded"),
        (30, 0, "consents_not_lost"),
        (30, 2, "consents_not_lost"),
    ],
)
def test_an_empty_segment_ten_times_last_night_and_no_consents_are_held(
    audiences: Audiences, members: int, agreed: int, rule: str
) -> None:
    """Case 45."""
    audiences.past(27, nights=1)
    audiences.form(DAY, members, agreed)

    verdict = audiences.judge(DAY)

    assert verdict.held
    assert rule in _held_by(verdict)
    assert not verdict.stopped


def test_a_campaign_that_has_no_past_and_nobody_to_write_to_is_told_of(
    audiences: Audiences,
) -> None:
    audiences.form(DAY, 0)

    verdict = audiences.judge(DAY)

    assert [(f.rule, f.action) for f in verdict.findings] == [("audience_usual", Action.WARN)]


def test_the_first_day_of_a_campaign_may_be_as_large_as_it_is(audiences: Audiences) -> None:
    audiences.form(DAY, 120)

    verdict = audiences.judge(DAY)

    assert verdict.findings == ()
    assert verdict.sentence == "120 of 120 rows of audience of win_back accepted."


def test_a_usual_audience_is_not_held(audiences: Audiences) -> None:
    audiences.past(40, agreed=25)
    audiences.form(DAY, 55, agreed=35)

    verdict = audiences.judge(DAY)

    assert verdict.findings == ()
    assert {m.figure: m.usual for m in verdict.measures}["members"] == 40


def test_few_members_by_chance_are_not_held(audiences: Audiences) -> None:
    audiences.past(6, agreed=3)
    audiences.form(DAY, 0)

    assert not audiences.judge(DAY).held


def test_a_no_that_became_a_yes_overnight_is_held(audiences: Audiences) -> None:
    audiences.past(60, agreed=24)
    audiences.form(DAY, 60, agreed=60)

    assert _held_by(audiences.judge(DAY)) == {"consent_rate_usual"}


def test_a_shop_that_lost_most_of_its_customers_overnight_is_held(audiences: Audiences) -> None:
    audiences.past(30)
    audiences.form(DAY, 30, customers=100)

    assert "customers_usual" in _held_by(audiences.judge(DAY))


def test_what_was_held_is_not_learned_until_a_person_trusts_it(audiences: Audiences) -> None:
    audiences.past(20)
    for n in range(3):
        audiences.form(DAY + timedelta(days=n), 280)
        assert audiences.judge(DAY + timedelta(days=n)).held
    lake = audiences.engine.lake
    for n in range(-10, 3):
        trust_audience(lake, DAY + timedelta(days=n), "win_back")
    for n in range(3, 16):
        audiences.form(DAY + timedelta(days=n), 280)
        trust_audience(lake, DAY + timedelta(days=n), "win_back")
        last = audiences.judge(DAY + timedelta(days=n))
        trust_audience(lake, DAY + timedelta(days=n), "win_back")

    assert not last.held


def test_consent_counts_as_the_plan_counts_it(audiences: Audiences) -> None:
    audiences.form(DAY, 3, agreed=2)
    told = [
        {"person_id": "c0", "customer_id": "c0", "channel": "email", "topic": "offers", "state": "withdrawn"},
        {"person_id": "c2", "customer_id": "c2", "channel": "sms", "topic": "offers", "state": "granted"},
        {"person_id": "c1", "customer_id": "c1", "channel": "email", "topic": "loyalty", "state": "withdrawn"},
    ]  # fmt: skip
    since = datetime(2026, 1, 1, tzinfo=UTC)
    permissions = pa.Table.from_pylist([t | {"since": since} for t in told], schema=PERMISSIONS)

    figures = audiences.judge(DAY, permissions).figures

    assert (figures["members"], figures["agreed"]) == (3, 2)


def test_a_verdict_is_kept_and_judging_again_gives_the_same(audiences: Audiences) -> None:
    audiences.form(DAY, 30)
    verdict = audiences.judge(DAY)

    assert read_audience_verdict(audiences.engine.lake, DAY, "win_back") == verdict
    assert read_audience_verdict(audiences.engine.lake, DAY, "birthday") is None
    assert audiences.judge(DAY) == verdict


def test_a_rule_may_be_for_some_campaigns_alone(audiences: Audiences, tmp_path: Path) -> None:
    rule = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "members", "max_value": 10},
        "meta": {"rule": "few", "on_failure": "hold", "sentence": "Few.", "owner": "O"},
    }
    for campaigns, held in ((["birthday"], False), (["win_back"], True)):
        rule["meta"] |= {"campaigns": campaigns}  # type: ignore[operator]
        suite = {"name": "audience", "expectations": [rule]}
        (tmp_path / "audience.json").write_text(json.dumps(suite))
        audiences.suites = tmp_path
        audiences.form(DAY, 30)
        assert audiences.judge(DAY).held is held


def test_without_audiences_or_a_suite_there_is_no_verdict(
    audiences: Audiences, tmp_path: Path
) -> None:
    with pytest.raises(MissingPartition, match="customer_features"):
        audiences.judge(DAY)
    audiences.form(DAY, 3)
    audiences.suites = tmp_path
    with pytest.raises(SuiteError, match=r"audience\.json: cannot be read"):
        audiences.judge(DAY)
