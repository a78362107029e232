"""Where too many mark our emails as spam, fewer of the promotional ones leave, or none, until a person lifts that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ledger_builder
from ledger_builder import NOON, a_message, beginning, settling
from perennial.errors import LedgerError
from perennial.ledger.braking import Grip
from perennial.ledger.store import Claim, Ledger
from perennial.model.events import ProviderEvent
from perennial.model.mailboxes import mailbox_of
from perennial.model.message import PlannedMessage
from perennial.model.policy import Brake
from perennial.model.words import (
    AuditAction,
    Channel,
    EventWord,
    Mailbox,
    Pressure,
    Reason,
    Topic,
)

BRAKE = Brake(
    at_least=100, slow_from=Decimal("0.02"), stop_from=Decimal("0.05"), slow_to=Decimal("0.25")
)


def emails(first: int, count: int, domain: str = "gmail.com", **more: Any) -> list[PlannedMessage]:
    return [
        a_message(str(n), address=f"customer{n}@{domain}", **more)
        for n in range(first, first + count)
    ]


def claiming(ledger: Ledger, messages: Sequence[PlannedMessage], **more: Any) -> Claim:
    return ledger_builder.claiming(ledger, messages, **{"brake": BRAKE} | more)


def sending(ledger: Ledger, messages: list[PlannedMessage], **more: Any) -> None:
    assert claiming(ledger, messages, **more).claimed == {m.key for m in messages}
    beginning(ledger, messages)
    settling(ledger, messages)


def complaining(
    ledger: Ledger,
    messages: Sequence[PlannedMessage],
    word: EventWord = EventWord.COMPLAINED,
    at: datetime = NOON,
) -> None:
    told = [
        ProviderEvent(key=m.key, word=word, provider="sendgrid", at=at, provider_id="id")
        for m in messages
    ]
    ledger.apply_events(told, received_at=at)


def grips(ledger: Ledger, now: datetime = NOON) -> dict[Mailbox, Grip]:
    return {h.mailbox: h.grip for h in ledger.mailbox_health(BRAKE, now=now)}


def spoilt(ledger: Ledger, complaints: int, count: int = 100) -> list[PlannedMessage]:
    """A ledger from which Gmail's people got emails, and complained about some."""
    gone = emails(0, count)
    sending(ledger, gone)
    complaining(ledger, gone[:complaints])
    return gone


@pytest.mark.parametrize(
    ("complaints", "grip"),
    [(0, Grip.OPEN), (1, Grip.OPEN), (2, Grip.SLOWED), (4, Grip.SLOWED), (5, Grip.STOPPED)],
)
def test_the_share_of_complaints_decides(ledger: Ledger, complaints: int, grip: Grip) -> None:
    spoilt(ledger, complaints)

    assert grips(ledger) == {Mailbox.GMAIL: grip}


def test_few_emails_say_nothing(ledger: Ledger) -> None:
    spoilt(ledger, 50, count=99)

    assert grips(ledger) == {Mailbox.GMAIL: Grip.OPEN}


def test_a_stopped_provider_gets_no_promotional_email_and_everybody_is_accounted_for(
    ledger: Ledger,
) -> None:
    spoilt(ledger, 5)
    kept = emails(1000, 20)

    claim = claiming(ledger, kept)

    assert claim.claimed == frozenset()
    assert claim.blocked == {message.key: Reason.BRAKED for message in kept}
    assert ledger.standing("win_back", kept[0].day).blocked == {Reason.BRAKED: 20}


def test_other_providers_channels_and_service_messages_go_on(ledger: Ledger) -> None:
    spoilt(ledger, 5)
    others = [
        *emails(1000, 5, "outlook.com"),
        *emails(2000, 5, channel=Channel.SMS),
        *emails(3000, 5, pressure=Pressure.SERVICE, topic=None),
        *emails(4000, 5, pressure=Pressure.SURVEY, topic=Topic.FEEDBACK),
    ]

    assert claiming(ledger, others).claimed == {message.key for message in others}


def test_a_slowed_provider_gets_a_share_and_always_the_same(ledger: Ledger) -> None:
    spoilt(ledger, 4)
    more = emails(1000, 200)

    first = claiming(ledger, more)
    again = claiming(ledger, more, worker="worker-2")

    assert 25 <= len(first.claimed) <= 75
    assert again.claimed == frozenset()
    assert again.taken == first.claimed
    assert set(first.blocked.values()) == {Reason.BRAKED}


def test_what_is_taken_or_too_late_is_said_to_be_so(ledger: Ledger) -> None:
    gone = spoilt(ledger, 5)
    (late,) = emails(1000, 1, expires_at=NOON - timedelta(minutes=1))

    claim = claiming(ledger, [*gone[10:12], late])

    assert claim.taken == {gone[10].key, gone[11].key}
    assert claim.blocked == {late.key: Reason.EXPIRED}


def test_a_person_lifts_it_with_a_reason_and_messages_leave_again(ledger: Ledger) -> None:
    spoilt(ledger, 5)
    kept = emails(1000, 20)
    claiming(ledger, kept)

    assert ledger.lift_brake(Mailbox.GMAIL, by="ada", reason="segment mended", at=NOON)

    assert grips(ledger) == {}
    assert claiming(ledger, kept).claimed == {message.key for message in kept}
    (entry,) = ledger.audit_log(limit=1)
    assert (entry.action, entry.subject, entry.actor, entry.reason) == (
        AuditAction.RELEASED,
        "brake:gmail",
        "ada",
        "segment mended",
    )
    assert not ledger.lift_brake(Mailbox.YAHOO, by="ada", reason="to be sure", at=NOON)


def test_it_is_not_lifted_without_who_and_why(ledger: Ledger) -> None:
    spoilt(ledger, 5)

    with pytest.raises(LedgerError, match="why"):
        ledger.lift_brake(Mailbox.GMAIL, by="ada", reason=" ", at=NOON)

    assert grips(ledger) == {Mailbox.GMAIL: Grip.STOPPED}


def test_after_a_lift_complaints_count_anew(ledger: Ledger) -> None:
    spoilt(ledger, 5)
    ledger.lift_brake(Mailbox.GMAIL, by="ada", reason="mended", at=NOON)
    later = NOON + timedelta(hours=2)
    gone = emails(1000, 100)
    sending(ledger, gone, now=later)
    complaining(ledger, gone[:6], at=later)

    assert grips(ledger, later) == {Mailbox.GMAIL: Grip.STOPPED}


def test_what_is_old_counts_no_more(ledger: Ledger) -> None:
    spoilt(ledger, 5)

    assert grips(ledger, NOON + timedelta(days=6)) == {Mailbox.GMAIL: Grip.STOPPED}
    assert grips(ledger, NOON + timedelta(days=7)) == {}


def test_a_complaint_that_is_told_twice_counts_once_and_bounces_are_none(ledger: Ledger) -> None:
    """Case 20."""
    gone = spoilt(ledger, 1)
    for _ in range(5):
        complaining(ledger, gone[:1])
    complaining(ledger, gone[10:30], EventWord.BOUNCED)

    (health,) = ledger.mailbox_health(BRAKE, now=NOON)
    assert (health.sent, health.complained, health.bounced, health.grip) == (100, 1, 20, Grip.OPEN)


def test_a_message_that_is_claimed_again_counts_once(ledger: Ledger) -> None:
    mine = emails(0, 10)
    for worker in ("worker-1", "worker-2"):
        claiming(ledger, mine, worker=worker)
        ledger.release([message.key for message in mine], worker=worker)

    (health,) = ledger.mailbox_health(BRAKE, now=NOON)
    assert health.sent == 10


def test_without_a_brake_nothing_is_held_back(ledger: Ledger) -> None:
    spoilt(ledger, 50)

    assert len(claiming(ledger, emails(1000, 5), brake=None).claimed) == 5


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("a@gmail.com", Mailbox.GMAIL),
        ("A@GoogleMail.com", Mailbox.GMAIL),
        ("a@hotmail.co.uk", Mailbox.OUTLOOK),
        ("a@live.nl", Mailbox.OUTLOOK),
        ("a@yahoo.com.mx", Mailbox.YAHOO),
        ("a@yahoo.es", Mailbox.YAHOO),
        ("a@me.com", Mailbox.ICLOUD),
        ("a@inbox.ru", Mailbox.MAIL_RU),
        ("a@yandex.kz", Mailbox.YANDEX),
        ("a@ya.ru", Mailbox.YANDEX),
        ("a@live.shop.es", Mailbox.OTHER),
        ("a@mail.gmail.com", Mailbox.OTHER),
        ("a@gmail.com.evil.example", Mailbox.OTHER),
        ("a@yahoo", Mailbox.OTHER),
        ("", Mailbox.OTHER),
    ],
)
def test_the_domain_tells_who_runs_a_mailbox(address: str, mailbox: Mailbox) -> None:
    assert mailbox_of(address) is mailbox


@given(st.text())
def test_every_address_has_one(address: str) -> None:
    assert mailbox_of(address) in Mailbox
