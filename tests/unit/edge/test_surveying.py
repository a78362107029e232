"""A vote is what somebody sends off from the page; the link in the message only suggests one."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from ledger_builder import NOON, a_message, beginning, claiming, settling
from page_visits import page_of, visit
from perennial.ledger.store import Ledger
from perennial.model.keys import link_token
from perennial.model.words import SurveyScale
from perennial.steps.services import Perennial

MESSAGE = a_message(campaign="feedback_survey")


@pytest.fixture
def ledger(perennial: Perennial) -> Ledger:
    claiming(perennial.ledger, [MESSAGE])
    beginning(perennial.ledger, [MESSAGE])
    settling(perennial.ledger, [MESSAGE])
    return perennial.ledger


@pytest.fixture
def page(perennial: Perennial, ledger: Ledger, edge: str) -> str:  # noqa: ARG001 - it was sent
    return edge + page_of(perennial, MESSAGE, "survey")


@pytest.fixture
def nps(perennial: Perennial, ledger: Ledger, edge: str) -> str:  # noqa: ARG001 - it was sent
    return edge + page_of(perennial, MESSAGE, "survey_nps")


def test_following_a_score_in_the_message_votes_for_nothing(ledger: Ledger, page: str) -> None:
    """Case 29: scanners follow every score of every message."""
    for score in range(1, 6):
        for method in ("GET", "HEAD"):
            assert visit(f"{page}?score={score}", method=method).status == 200

    assert ledger.answer_of(MESSAGE.key) is None


def test_the_score_of_the_link_is_chosen_already(page: str) -> None:
    assert 'value="4" checked' in visit(f"{page}?score=4").html
    for nonsense in ("0", "6", "4.5", "%D9%A3", "x" * 500, ""):
        assert " checked" not in visit(f"{page}?score={nonsense}").html


def test_what_is_sent_off_counts(ledger: Ledger, page: str) -> None:
    answer = visit(page, {"score": "5", "comment": "Fresh,\r\nand on time."})

    assert "You gave us 5 out of 5." in answer.text
    stands = ledger.answer_of(MESSAGE.key)
    assert stands is not None
    assert (stands.scale, stands.score) == (SurveyScale.CSAT, 5)
    assert stands.comment == "Fresh,\nand on time."
    assert ledger.cases() == []


def test_one_order_has_one_vote(ledger: Ledger, page: str) -> None:
    visit(page, {"score": "5"})
    again = visit(page, {"score": "1"})

    assert "You gave us 5 out of 5." in again.text
    assert "counts once an order" in again.text
    assert ledger.cases() == []
    assert "You gave us 5 out of 5." in visit(f"{page}?score=1").text


def test_a_comment_may_be_added_and_changed_for_a_day(ledger: Ledger, page: str) -> None:
    with time_machine.travel(NOON, tick=False):
        visit(page, {"score": "4"})
        for comment in ("Good.", "Good, but late."):
            visit(page, {"do": "comment", "comment": comment})
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        assert "<textarea" not in visit(page).html
        visit(page, {"do": "comment", "comment": "Much later."})
    stands = ledger.answer_of(MESSAGE.key)

    assert stands is not None
    assert stands.comment == "Good, but late."


def test_without_a_score_nothing_is_kept_but_what_was_written(ledger: Ledger, page: str) -> None:
    for score in ("", "0", "6", "five"):
        answer = visit(page, {"score": score, "comment": "So <b>good</b>"})
        assert answer.status == 422
        assert "Please choose a number first." in answer.text
        assert "So &lt;b&gt;good&lt;/b&gt;" in answer.html

    assert ledger.answer_of(MESSAGE.key) is None


@pytest.mark.parametrize(("score", "low"), [(1, True), (2, True), (3, False), (5, False)])
def test_a_low_score_opens_a_case_and_gives_some_quiet(
    ledger: Ledger, page: str, score: int, *, low: bool
) -> None:
    with time_machine.travel(NOON, tick=False):
        answer = visit(page, {"score": str(score)})
        visit(page, {"score": str(score)})

    assert ("Somebody at Juniper & Rye will look into it" in answer.text) is low
    assert [case.key for case in ledger.cases()] == [MESSAGE.key] * low
    until = ledger.preferences_of(MESSAGE.person_id).paused_until
    assert until == (NOON + timedelta(days=30) if low else None)


def test_a_low_score_shortens_no_pause_that_somebody_asked_for(
    perennial: Perennial, ledger: Ledger, edge: str, page: str
) -> None:
    with time_machine.travel(NOON, tick=False):
        visit(edge + page_of(perennial, MESSAGE, "preferences"), {"pause": "90"})
        visit(page, {"score": "1"})

    until = ledger.preferences_of(MESSAGE.person_id).paused_until
    assert until == NOON + timedelta(days=90)


@pytest.mark.parametrize(("score", "low"), [(0, True), (6, True), (7, False), (10, False)])
def test_a_link_of_the_other_scale_asks_the_other_question(
    ledger: Ledger, nps: str, score: int, *, low: bool
) -> None:
    assert "recommend Juniper & Rye to a friend?" in visit(nps).text
    assert f"You gave us {score} out of 10." in visit(nps, {"score": str(score)}).text
    stands = ledger.answer_of(MESSAGE.key)

    assert stands is not None
    assert (stands.scale, stands.score) == (SurveyScale.NPS, score)
    assert len(ledger.cases()) == low


def test_a_survey_that_the_ledger_does_not_know_takes_no_vote(
    perennial: Perennial, edge: str
) -> None:
    page = edge + page_of(perennial, a_message("unknown"), "survey")
    answer = visit(page, {"score": "5"})

    assert answer.status == 404
    assert "We do not find this message" in answer.text
    assert perennial.ledger.answer_of(a_message("unknown").key) is None


def test_another_website_casts_no_vote(ledger: Ledger, page: str) -> None:
    assert visit(page, {"score": "1"}, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert ledger.answer_of(MESSAGE.key) is None


def test_a_comment_without_end_is_refused_and_a_long_one_is_cut(ledger: Ledger, page: str) -> None:
    assert visit(page, {"score": "5", "comment": "x" * 70_000}).status == 413
    assert ledger.answer_of(MESSAGE.key) is None
    visit(page, {"score": "5", "comment": "ж" * 5_000})
    stands = ledger.answer_of(MESSAGE.key)

    assert stands is not None
    assert stands.comment == "ж" * 2_000


def test_the_link_of_one_page_opens_no_other(perennial: Perennial, edge: str) -> None:
    """Case 31."""
    for place, purpose in (("s", "unsubscribe"), ("u", "survey"), ("p", "survey"), ("s", "click")):
        token = link_token(purpose, MESSAGE.key, "en", perennial.secret)
        assert visit(f"{edge}/{place}/{token}").status == 404
