"""What people text back, as Twilio posts it: signed or refused, obeyed once, answered in the person's language."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import count
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from xml.etree import ElementTree as ET

import pytest

from edge_server import PUBLIC
from ledger_builder import a_message, claiming
from perennial.edge.app import make_app
from perennial.emulator.options import AUTH_TOKEN
from perennial.emulator.signing import twilio_signature
from perennial.errors import LedgerError
from perennial.model.keys import address_key
from perennial.model.words import AuditAction, Channel, Reason, SuppressionReason
from perennial.steps.services import Perennial

PATH = "/hooks/twilio/inbound"
NUMBER = "+14155550123"
_SIDS = count(1)


def text(
    edge: str, body: str, *, token: str = AUTH_TOKEN, query: str = "", **changes: str
) -> tuple[int, str]:
    """Somebody writes; the status, and what they are answered."""
    form = {
        "Body": body,
        "From": NUMBER,
        "To": "+15005550006",
        "MessageSid": f"SM{next(_SIDS):032x}",
        "SmsStatus": "received",
        "NumMedia": "0",
    } | changes
    path = PATH + query
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": twilio_signature(PUBLIC + path, form, token),
    }
    request = Request(edge + path, data=urlencode(form).encode(), headers=headers)  # noqa: S310 - loopback
    try:
        with urlopen(request, timeout=20) as answer:  # noqa: S310
            markup = answer.read().decode()
            assert answer.headers["Content-Type"].startswith("text/xml")
            return answer.status, ET.fromstring(markup).findtext("Message") or ""  # noqa: S314 - our own
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def stops(perennial: Perennial, number: str = NUMBER) -> set[tuple[str, str]]:
    """Where this number is on the list, and why."""
    key = address_key(number, perennial.secret)
    return {(s.channel.value, s.reason.value) for s in perennial.ledger.suppressions_of([key])}


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        ("Stop.", "START"),
        ("ALTO 🙏", "ALTA"),
        ("СТОП", "СТАРТ"),
        ("CTOП!", "СТАРТ"),
        ("Please stop texting me", "START"),
        ("no me escriban más", "ALTA"),
        ("Не пишите мне", "СТАРТ"),
    ],
)
def test_a_stop_suppresses_that_channel_and_is_answered_in_its_language(
    perennial: Perennial, edge: str, body: str, answered: str
) -> None:
    """Case 27."""
    status, said = text(edge, body)
    assert status == 200
    assert answered in said
    assert "Juniper & Rye" in said
    assert stops(perennial) == {("sms", "stopped")}


def test_whoever_has_stopped_is_not_texted_any_more(perennial: Perennial, edge: str) -> None:
    """Cases 26 and 27."""
    key = address_key(NUMBER, perennial.secret)
    message = a_message(channel=Channel.SMS, address=NUMBER, address_key=key)
    text(edge, "STOP")
    assert claiming(perennial.ledger, [message]).blocked == {message.key: Reason.SUPPRESSED}


def test_start_restores_what_stop_took_and_nothing_else(perennial: Perennial, edge: str) -> None:
    """Case 27."""
    whatsapp = {"From": f"whatsapp:{NUMBER}"}
    for changes in ({}, whatsapp):
        text(edge, "СТОП", **changes)
    perennial.apply_events([])
    key = address_key(NUMBER, perennial.secret)
    perennial.ledger.suppress(
        address_key=key,
        channel=Channel.SMS,
        reason=SuppressionReason.UNSUBSCRIBED,
        at=perennial.now(),
    )
    assert stops(perennial) == {
        ("sms", "stopped"),
        ("sms", "unsubscribed"),
        ("whatsapp", "stopped"),
    }
    assert "СТОП" in text(edge, "Старт")[1]
    assert stops(perennial) == {("sms", "unsubscribed"), ("whatsapp", "stopped")}
    text(edge, "ALTA", **whatsapp)
    assert stops(perennial) == {("sms", "unsubscribed")}


def test_the_same_text_counts_once_whenever_it_is_posted_again(
    perennial: Perennial, edge: str
) -> None:
    """Case 24: a START that somebody has kept does not undo the STOP that came after it."""
    first, start, second = (f"SM{n:032x}" for n in (1001, 1002, 1003))
    text(edge, "STOP", MessageSid=first)
    text(edge, "START", MessageSid=start)
    assert text(edge, "STOP", MessageSid=first)[0] == 200
    assert stops(perennial) == set()
    text(edge, "STOP", MessageSid=second)
    assert text(edge, "START", MessageSid=start)[0] == 200
    assert stops(perennial) == {("sms", "stopped")}


def test_help_says_who_writes_and_how_to_end_it(perennial: Perennial, edge: str) -> None:
    for word, stop in (("HELP", "STOP"), ("ayuda", "BAJA"), ("Помощь", "СТОП")):
        _, said = text(edge, word)
        assert "Juniper & Rye" in said
        assert "care@juniperandrye.example" in said
        assert stop in said
    assert stops(perennial) == set()


@pytest.mark.parametrize("body", ["STOP", "NIX MEHR", "START", "HELP"])
def test_where_twilio_has_answered_nothing_more_is_said(
    perennial: Perennial, edge: str, body: str
) -> None:
    """Case 27: Advanced Opt-Out says what it understood, in words that the shop taught it, too."""
    kind = body if body in {"START", "HELP"} else "STOP"
    assert text(edge, body, OptOutType=kind) == (200, "")
    assert stops(perennial) == ({("sms", "stopped")} if kind == "STOP" else set())


def test_a_refusal_that_twilio_takes_for_something_else_is_a_refusal(
    perennial: Perennial, edge: str
) -> None:
    text(edge, "START? no, STOP", OptOutType="START")
    assert stops(perennial) == {("sms", "stopped")}


def test_any_other_text_is_answered_with_silence(perennial: Perennial, edge: str) -> None:
    assert text(edge, "Thank you, lovely flowers!") == (200, "")
    assert stops(perennial) == set()


def test_what_is_done_is_written_down(perennial: Perennial, edge: str) -> None:
    text(edge, "STOP", MessageSid="SM" + "a" * 32)
    text(edge, "START", MessageSid="SM" + "b" * 32)
    entries = perennial.ledger.audit_log(limit=9)
    assert [(e.action, e.actor) for e in entries] == [
        (AuditAction.LIFTED, "inbound_text"),
        (AuditAction.SUPPRESSED, "inbound_text"),
    ]
    assert {e.subject for e in entries} == {address_key(NUMBER, perennial.secret)}


def test_a_number_counts_however_twilio_spells_it(perennial: Perennial, edge: str) -> None:
    """The key is that of the contact, so the plan leaves the person out as well."""
    text(edge, "STOP", From="whatsapp:+14155550123")
    assert stops(perennial) == {("whatsapp", "stopped")}


def test_what_is_forged_is_refused_and_nothing_is_stored(perennial: Perennial, edge: str) -> None:
    """Case 24."""
    assert text(edge, "STOP", token="somebody-elses")[0] == 403
    request = Request(edge + PATH, data=b"Body=STOP&From=%2B14155550123")  # noqa: S310
    with pytest.raises(HTTPError, match="403"):
        urlopen(request, timeout=20)  # noqa: S310
    assert stops(perennial) == set()
    assert perennial.ledger.audit_log(limit=9) == []


def test_an_address_with_parameters_is_checked_with_them(perennial: Perennial, edge: str) -> None:
    assert text(edge, "STOP", query="?from=console")[0] == 200
    assert stops(perennial) == {("sms", "stopped")}


@pytest.mark.parametrize(
    "changes", [{"From": "12345"}, {"From": "Shop"}, {"From": ""}, {"MessageSid": "SM1"}]
)
def test_a_genuine_post_without_a_number_or_id_is_not_taken(
    edge: str, changes: Mapping[str, str]
) -> None:
    assert text(edge, "STOP", **changes)[0] == 400


def test_a_ledger_that_cannot_be_written_is_told_to_twilio(perennial: Perennial, edge: str) -> None:
    """Case 13: the answer promises nothing that is not recorded."""
    ledger = perennial.ledger

    class Closed:
        def __getattr__(self, name: str) -> Any:
            raise LedgerError

        def close(self) -> None:
            pass

    perennial.__dict__["ledger"] = Closed()
    assert text(edge, "STOP", MessageSid="SM" + "c" * 32)[0] == 503
    perennial.__dict__["ledger"] = ledger
    assert text(edge, "STOP", MessageSid="SM" + "c" * 32)[0] == 200
    assert stops(perennial) == {("sms", "stopped")}


def test_neither_numbers_nor_words_are_shown_anywhere(
    edge: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Case 47."""
    caplog.set_level(logging.DEBUG)
    text(edge, "STOP canary@customers.example")
    text(edge, "canary words")
    text(edge, "STOP", MessageSid="canary")
    with urlopen(f"{edge}/metrics", timeout=20) as answer:  # noqa: S310
        figures = answer.read().decode()
    assert 'inbound_texts_total{channel="sms",wish="stop"} 1' in figures
    assert 'inbound_texts_total{channel="sms",wish="none"} 1' in figures
    shown = figures + caplog.text + "".join(capfd.readouterr())
    for secret in ("canary", "4155550123", AUTH_TOKEN):
        assert secret not in shown


def test_the_hook_is_for_posts(perennial: Perennial) -> None:
    (route,) = [r for r in make_app(perennial).routes if getattr(r, "path", "") == PATH]
    assert route.methods == {"POST"}  # type: ignore[attr-defined]
