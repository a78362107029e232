"""The page behind the unsubscribe link: who presses its button is out at once, and who only looks changes nothing."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from ledger_builder import NOON, a_message, beginning, claiming, settling
from page_visits import Visit, page_of, visit
from perennial.errors import LedgerError
from perennial.ledger.store import Ledger
from perennial.model.keys import KEY_NAME, link_token
from perennial.model.policy import Caps
from perennial.model.words import (
    Channel,
    ConsentSource,
    ConsentState,
    MessageState,
    SuppressionReason,
    Topic,
)
from perennial.steps.services import Perennial
from token_mutations import mutations

MESSAGE = a_message()
TEXT = a_message("2", channel=Channel.SMS)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}

Press = Callable[..., Visit]


@pytest.fixture
def ledger(perennial: Perennial) -> Ledger:
    """Both messages have been sent."""
    claiming(perennial.ledger, [MESSAGE, TEXT])
    beginning(perennial.ledger, [MESSAGE, TEXT])
    settling(perennial.ledger, [MESSAGE, TEXT])
    return perennial.ledger


@pytest.fixture
def page(perennial: Perennial, ledger: Ledger, edge: str) -> str:  # noqa: ARG001 - it was sent
    return edge + page_of(perennial, MESSAGE, "unsubscribe")


def contents(perennial: Perennial) -> list[str]:
    """Everything that the ledger holds."""
    with sqlite3.connect(perennial.settings.home / "ledger.db") as database:
        return [line for line in database.iterdump() if "ledger_id" not in line]


def reasons(ledger: Ledger, message: Any = MESSAGE) -> set[tuple[Channel, SuppressionReason]]:
    return {(s.channel, s.reason) for s in ledger.suppressions_of([message.address_key])}


def standing(ledger: Ledger) -> dict[tuple[Channel, Topic], ConsentState]:
    return {
        (permission.channel, permission.topic): permission.state
        for permission in ledger.permissions_of(MESSAGE.person_id)
    }


UNSUBSCRIBED = {(Channel.EMAIL, SuppressionReason.UNSUBSCRIBED)}


def test_whoever_only_looks_changes_nothing(perennial: Perennial, page: str) -> None:
    """Case 29: browsers, scanners, prefetching mail programs, by GET or HEAD."""
    before = contents(perennial)
    for method in ("GET", "HEAD", "GET"):
        for agent in ("Mozilla/5.0", "Barracuda Sentinel", "curl/8"):
            assert visit(page, method=method, headers={"User-Agent": agent}).status == 200
    visit(page + "?List-Unsubscribe=One-Click&do=unsubscribe")

    assert contents(perennial) == before


def test_whoever_only_looks_brings_nobody_back(perennial: Perennial, page: str) -> None:
    """Case 29."""
    visit(page, ONE_CLICK)
    before = contents(perennial)
    for method in ("GET", "HEAD"):
        assert visit(f"{page}?do=resubscribe", method=method).status == 200

    assert contents(perennial) == before


def test_the_button_ends_it_for_the_channel_and_every_topic(ledger: Ledger, page: str) -> None:
    answer = visit(page, {"do": "unsubscribe"})

    assert answer.status == 200
    assert "You will get no more emails from Juniper & Rye" in answer.text
    assert reasons(ledger) == UNSUBSCRIBED
    assert standing(ledger) == {(Channel.EMAIL, topic): ConsentState.WITHDRAWN for topic in Topic}
    words = ledger.consent_history(MESSAGE.person_id)
    assert {(c.how, c.proof, (c.wording or "")[:9]) for c in words} == {
        (ConsentSource.UNSUBSCRIBE_LINK, MESSAGE.key, "pages/en/")
    }


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (
            b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=["urlencoded", "multipart"],
)
def test_one_click_of_a_mail_program_is_enough(
    ledger: Ledger, page: str, body: bytes, content_type: str
) -> None:
    """Case 30: no cookie, no redirect, nothing to confirm."""
    answer = visit(page, body, headers={"Content-Type": content_type})

    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers
    assert reasons(ledger) == UNSUBSCRIBED
    words = ledger.consent_history(MESSAGE.person_id)
    assert {(c.how, c.wording) for c in words} == {(ConsentSource.ONE_CLICK, None)}


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"--x", b"do=nonsense"])
def test_a_post_that_cannot_be_read_still_unsubscribes(
    ledger: Ledger, page: str, body: bytes
) -> None:
    """Case 30: a customer does not stay because a mail program writes forms its own way."""
    for content_type in ("multipart/form-data; boundary=y", "multipart/form-data", "text/plain"):
        assert visit(page, body, headers={"Content-Type": content_type}).status == 200

    assert reasons(ledger) == UNSUBSCRIBED


def test_twice_is_fine(ledger: Ledger, page: str) -> None:
    """Case 29."""
    answers = [visit(page, ONE_CLICK), visit(page, {"do": "unsubscribe"}), visit(page, ONE_CLICK)]

    assert [answer.status for answer in answers] == [200] * 3
    assert reasons(ledger) == UNSUBSCRIBED


def test_who_has_left_finds_the_way_back_on_the_same_page(ledger: Ledger, page: str) -> None:
    visit(page, ONE_CLICK)
    assert "Write to me again" in visit(page).text

    answer = visit(page, {"do": "resubscribe"})

    assert "Welcome back" in answer.text
    assert reasons(ledger) == set()
    assert standing(ledger)[Channel.EMAIL, Topic.OFFERS] is ConsentState.GRANTED
    assert "Yes, stop" in visit(page).text


def test_who_comes_back_agrees_to_what_the_message_was_about_and_no_more(
    ledger: Ledger, page: str
) -> None:
    visit(page, ONE_CLICK)
    visit(page, {"do": "resubscribe"})

    assert standing(ledger) == {
        (Channel.EMAIL, Topic.OFFERS): ConsentState.GRANTED,
        (Channel.EMAIL, Topic.LOYALTY): ConsentState.WITHDRAWN,
        (Channel.EMAIL, Topic.FEEDBACK): ConsentState.WITHDRAWN,
    }


def test_who_comes_back_can_be_written_to_again(ledger: Ledger, page: str) -> None:
    later = [a_message(occasion=f"order-{n}") for n in (8, 9)]
    visit(page, ONE_CLICK)
    many = Caps(promotional_per_day=9, promotional_per_week=9)
    assert claiming(ledger, later[:1], caps=many).claimed == frozenset()

    visit(page, {"do": "resubscribe"})

    assert claiming(ledger, later[1:], caps=many).claimed == {later[1].key}


def test_coming_back_is_kept_with_its_words_and_its_proof(ledger: Ledger, page: str) -> None:
    visit(page, ONE_CLICK)
    visit(page, {"do": "resubscribe"})

    words = [c for c in ledger.consent_history(MESSAGE.person_id) if c.state == "granted"]
    assert [(c.how, c.proof, (c.wording or "")[:9]) for c in words] == [
        (ConsentSource.PREFERENCE_PAGE, MESSAGE.key, "pages/en/")
    ]


def test_coming_back_twice_is_fine_and_takes_nothing_back_that_was_agreed_to_meanwhile(
    perennial: Perennial, ledger: Ledger, edge: str, page: str
) -> None:
    visit(page, ONE_CLICK)
    visit(page, {"do": "resubscribe"})
    agreed = {"do": "save", "shown": "email.offers", "consent": ["email.offers", "email.loyalty"]}
    visit(edge + page_of(perennial, MESSAGE, "preferences"), agreed)
    before = ledger.consent_history(MESSAGE.person_id), ledger.audit_log()

    assert "Welcome back" in visit(page, {"do": "resubscribe"}).text
    assert (ledger.consent_history(MESSAGE.person_id), ledger.audit_log()) == before
    assert standing(ledger)[Channel.EMAIL, Topic.LOYALTY] is ConsentState.GRANTED


def test_who_comes_back_by_a_message_of_a_campaign_that_is_gone_gets_back_what_they_took_back(
    perennial: Perennial, ledger: Ledger, edge: str
) -> None:
    gone = a_message("3", campaign="gone", topic=None)
    claiming(ledger, [gone])
    page = edge + page_of(perennial, gone, "unsubscribe")
    agreed = {"do": "save", "shown": "", "consent": ["email.loyalty"]}
    visit(edge + page_of(perennial, gone, "preferences"), agreed)
    visit(page, ONE_CLICK)
    assert "You will hear from us about: Your points." in visit(page).text

    visit(page, {"do": "resubscribe"})

    stands = {p.topic for p in ledger.permissions_of(gone.person_id) if p.state == "granted"}
    assert stands == {Topic.LOYALTY}


def test_nobody_is_promised_what_they_have_not_agreed_to(
    perennial: Perennial, ledger: Ledger, edge: str
) -> None:
    gone = a_message("3", campaign="gone", topic=None)
    claiming(ledger, [gone])
    page = edge + page_of(perennial, gone, "unsubscribe")
    visit(page, ONE_CLICK)

    answer = visit(page, {"do": "resubscribe"})

    assert "We will write to you by email again" not in answer.text
    assert "Choose what you would like to hear about" in answer.text
    assert reasons(ledger, gone) == set()


def test_who_came_back_may_leave_again(ledger: Ledger, page: str) -> None:
    for wish in ("unsubscribe", "resubscribe", "unsubscribe"):
        visit(page, {"do": wish})

    assert reasons(ledger) == UNSUBSCRIBED


def test_coming_back_opens_nothing_that_the_page_did_not_close(ledger: Ledger, page: str) -> None:
    ledger.suppress(
        address_key=MESSAGE.address_key,
        channel=Channel.EMAIL,
        reason=SuppressionReason.COMPLAINED,
        at=NOON,
    )
    visit(page, ONE_CLICK)

    assert "marked an email of ours as spam" in visit(page, {"do": "resubscribe"}).text
    assert reasons(ledger) == {(Channel.EMAIL, SuppressionReason.COMPLAINED)}


def test_a_text_message_is_about_text_messages(
    perennial: Perennial, ledger: Ledger, edge: str
) -> None:
    answer = visit(edge + page_of(perennial, TEXT, "unsubscribe"), {"do": "unsubscribe"})

    assert "no more text messages" in answer.text
    assert reasons(ledger, TEXT) == {(Channel.SMS, SuppressionReason.UNSUBSCRIBED)}


def test_links_that_are_not_ours_change_nothing(perennial: Perennial, page: str) -> None:
    """Case 31: tampered, truncated, another purpose's, another installation's."""
    before, base = contents(perennial), page.rpartition("/")[0]
    token = page.rpartition("/")[2]
    others = [
        link_token("survey", MESSAGE.key, "en", perennial.secret),
        link_token("unsubscribe", MESSAGE.key, "en", "another shop's secret"),
        token[:-1],
        token[: len(token) // 2],
        f"{token}=",
        MESSAGE.key,
        "%F0%9F%99%82",
    ]
    for other in others:
        for form in (None, ONE_CLICK):
            answer = visit(f"{base}/{other}", form)
            assert answer.status == 404
            assert "This link does not work" in answer.text
            assert "care@juniperandrye.example" in answer.text

    assert contents(perennial) == before


def test_an_old_link_works(perennial: Perennial, edge: str) -> None:
    """Case 31: two years later, and as it was written before links said their language."""
    old = a_message(
        "old", send_at=NOON - timedelta(days=731), expires_at=NOON - timedelta(days=730)
    )
    then = NOON - timedelta(days=730, hours=1)
    claiming(perennial.ledger, [old], now=then)
    token = link_token("unsubscribe", old.key, "es", perennial.secret)

    assert "Ya no recibirás correos" in visit(f"{edge}/u/{token}", ONE_CLICK).text
    assert reasons(perennial.ledger, old) == UNSUBSCRIBED


def test_guessing_at_links_is_slowed_down_and_keeps_nobody_from_their_own(
    ledger: Ledger, page: str
) -> None:
    """Case 31."""
    base, token = page.rpartition("/")[0], page.rpartition("/")[2]
    guesses = mutations(token.replace(".", "_"), Random(7))  # noqa: S311
    statuses = [
        visit(f"{base}/{next(guesses).encode('ascii', 'replace').hex()}").status for _ in range(40)
    ]

    assert statuses[:30] == [404] * 30
    assert statuses[-1] == 429
    assert visit(page, ONE_CLICK).status == 200
    assert reasons(ledger) == UNSUBSCRIBED


def test_a_link_that_is_asked_for_without_end_is_told_to_wait(page: str) -> None:
    statuses = [visit(page).status for _ in range(70)]

    assert statuses[:60] == [200] * 60
    assert statuses[-1] == 429
    assert visit(page, ONE_CLICK).status == 200


def test_a_message_that_the_ledger_has_forgotten_is_noted_for_when_it_is_known_again(
    perennial: Perennial, edge: str
) -> None:
    """Case 18: an old backup was brought back."""
    unknown = a_message("forgotten")
    answer = visit(edge + page_of(perennial, unknown, "unsubscribe"), ONE_CLICK)

    assert answer.status == 200
    assert "do not find the message" in answer.text
    perennial.ledger.presume_sent([unknown], provider={Channel.EMAIL: "sendgrid"}, at=NOON)
    assert reasons(perennial.ledger, unknown) == UNSUBSCRIBED


def test_unsubscribing_proves_that_the_message_came(perennial: Perennial, edge: str) -> None:
    claiming(perennial.ledger, [MESSAGE])
    beginning(perennial.ledger, [MESSAGE])
    visit(edge + page_of(perennial, MESSAGE, "unsubscribe"), ONE_CLICK)

    assert perennial.ledger.states([MESSAGE.key])[MESSAGE.key] is MessageState.ACCEPTED


def test_another_website_cannot_press_the_button(ledger: Ledger, page: str) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    ):
        answer = visit(page, {"do": "resubscribe"}, headers=headers)
        assert answer.status == 403
        assert "did not come from our page" in answer.text
    ours = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    assert visit(page, {"do": "unsubscribe"}, headers=ours).status == 200
    assert reasons(ledger) == UNSUBSCRIBED


class _ClosedLedger:
    def __getattr__(self, name: str) -> Any:
        raise LedgerError

    def close(self) -> None:
        pass


@pytest.fixture
def closed(perennial: Perennial, page: str) -> Iterator[str]:
    ledger = perennial.ledger
    perennial.__dict__["ledger"] = _ClosedLedger()
    yield page
    perennial.__dict__["ledger"] = ledger


def test_what_could_not_be_noted_is_not_promised(
    closed: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Case 13."""
    answer = visit(closed, ONE_CLICK)

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "60"
    assert "We cannot note it just now" in answer.text
    assert MESSAGE.key not in caplog.text


def test_the_log_says_nothing_about_anybody(
    page: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Case 47."""
    caplog.set_level(logging.DEBUG)
    visit(page, {"do": "unsubscribe", "canary": "canary@customers.example"})
    visit(f"{page}canary@customers.example")
    shown = caplog.text + "".join(capfd.readouterr())

    for secret in (MESSAGE.key, page.rpartition("/")[2], "canary", MESSAGE.address_key, KEY_NAME):
        assert secret not in shown


@pytest.mark.parametrize(
    ("written_in", "asked", "accepted", "answered"),
    [
        ("es", "", "ru", "es"),
        ("es", "?lang=ru", "en", "ru"),
        ("es-MX", "", "en", "es"),
        ("de", "", "fr;q=0.9, ru;q=0.8, en;q=0.1", "ru"),
        ("de", "?lang=xx", "*, zz", "en"),
    ],
)
def test_the_page_speaks_the_language_of_the_message_unless_another_is_chosen(
    perennial: Perennial, edge: str, written_in: str, asked: str, accepted: str, answered: str
) -> None:
    path = page_of(perennial, MESSAGE, "unsubscribe", locale=written_in)
    answer = visit(edge + path + asked, headers={"Accept-Language": accepted})

    assert f'<html lang="{answered}"' in answer.html
    assert answer.headers["Content-Language"] == answered
    assert {f"?lang={code}" in answer.html for code in {"en", "es", "ru"} - {answered}} == {True}
