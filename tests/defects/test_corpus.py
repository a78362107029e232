"""Each defect of the corpus, in a night that is good otherwise: it stops, is put aside, or is told of, as the corpus says."""

from __future__ import annotations

from collections import Counter

import pytest

from audience_nights import Audiences
from defects.corpus import CORPUS
from defects.entries import Defect
from defects.good_nights import Judged, SpoiledNights
from defects.of_audiences import DEFECTS, AudienceDefect
from defects.page import PAGE, page
from perennial.errors import NightStopped
from perennial.pipeline.verifying import judge
from perennial.validation.verdicts import Action

pytestmark = [pytest.mark.sample, pytest.mark.timeout(1800)]

_WAITING = {"customer_is_known", "order_is_known"}


def _of(outcome: Action | None) -> list[Defect]:
    return [defect for defect in CORPUS if defect.outcome is outcome]


def _found(night: Judged, action: Action) -> set[str]:
    return {finding.rule for finding in night.findings.values() if finding.action is action}


def _stopped(night: Judged) -> bool:
    return any(verdict.stopped for verdict in night.verdicts)


@pytest.mark.parametrize("defect", _of(Action.STOP), ids=lambda d: d.name)
def test_a_defect_that_must_stop_the_night_stops_it(
    spoiled_nights: SpoiledNights, defect: Defect
) -> None:
    night = spoiled_nights.judge(defect)

    assert _found(night, Action.STOP) >= set(defect.rules)
    with pytest.raises(NightStopped):
        judge(night.verdicts)


@pytest.mark.parametrize("defect", _of(Action.QUARANTINE), ids=lambda d: d.name)
def test_bad_rows_are_put_aside_with_their_reason_and_the_rest_goes_on(
    spoiled_nights: SpoiledNights, defect: Defect
) -> None:
    night = spoiled_nights.judge(defect)
    waiting = Counter({key: n for key, n in night.aside.items() if key[1] in _WAITING})

    assert night.aside[defect.dataset, defect.reason] == defect.rows
    assert night.aside - waiting - Counter({(defect.dataset, defect.reason): defect.rows}) == {}
    assert not _stopped(night)


@pytest.mark.parametrize("defect", _of(Action.WARN), ids=lambda d: d.name)
def test_what_is_odd_is_told_and_used(spoiled_nights: SpoiledNights, defect: Defect) -> None:
    night = spoiled_nights.judge(defect)

    assert _found(night, Action.WARN) >= set(defect.rules)
    assert night.aside == {}
    assert not _stopped(night)


@pytest.mark.parametrize("defect", _of(None), ids=lambda d: d.name)
def test_what_no_rule_sees_is_named_as_such(spoiled_nights: SpoiledNights, defect: Defect) -> None:
    night = spoiled_nights.judge(defect)

    assert night.findings == {}
    assert night.aside == {}
    assert defect.why


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: d.name)
def test_an_audience_with_a_defect_is_held(audiences: Audiences, defect: AudienceDefect) -> None:
    """Case 45."""
    verdict = defect.judge(audiences)

    assert {f.rule for f in verdict.holds} >= set(defect.rules)


def test_the_night_that_is_spoiled_is_good_without_a_defect(spoiled_nights: SpoiledNights) -> None:
    assert {f.action for f in spoiled_nights.good.findings.values()} <= {Action.WARN}
    assert spoiled_nights.good.aside == {}


def test_each_defect_is_there_once_and_the_page_shows_them_all() -> None:
    names = [defect.name for defect in (*CORPUS, *DEFECTS)]

    assert len(set(names)) == len(names) >= 80
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make reference`"
