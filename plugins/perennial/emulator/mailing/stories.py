"""What becomes of an accepted email: the events that SendGrid tells, in the order in which they happen."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from perennial.emulator.faults import draw
from perennial.emulator.mailing.envelopes import Mail
from perennial.emulator.options import MailOutcomes
from perennial.emulator.reactions import Reaction

_STEP = 0.02
_DEFERRED = {"response": "450 4.2.1 mailbox busy", "attempt": "1"}
_DELIVERED = {"response": "250 2.0.0 OK"}
_BOUNCED = {"reason": "550 5.1.1 no such user", "status": "5.1.1", "type": "bounce"}
_BLOCKED = {"reason": "554 5.7.1 blocked by policy", "status": "5.7.1", "type": "blocked"}
_BROWSER = {"useragent": "Mozilla/5.0 (emulator)", "ip": "192.0.2.1"}
_APPLE_PROXY = {"useragent": "Mozilla/5.0", "ip": "192.0.2.2"}

_BY_PEOPLE = frozenset({"open", "click", "spamreport", "unsubscribe", "group_unsubscribe"})

Chapter = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class MailEvent:
    """One event of one email, so many seconds after it was accepted."""

    name: str
    mail: Mail
    after: float = 0.0
    by_person: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What makes it this event and no other, in every run with the same seed."""
        return f"{self.mail.key}/{self.mail.message_id}/{self.mail.to}/{self.name}/{self.after:g}"

    def as_json(self, *, at: float, again: int = 0) -> Mapping[str, Any]:
        """The event as the webhook tells it; `again` counts its repetitions under a new id."""
        mail = self.mail
        return {
            **mail.arguments,
            "email": mail.to,
            "event": self.name,
            "timestamp": int(at),
            "sg_event_id": _token(f"{self.identity}/{again}"),
            "sg_message_id": f"{mail.message_id}.recvd-emulator-1-0.{mail.number}",
            "smtp-id": f"<{mail.message_id}@emulator>",
            **({"category": list(mail.categories)} if mail.categories else {}),
            **self.details,
        }


def story(
    mail: Mail,
    outcomes: MailOutcomes,
    *,
    seed: int,
    dropped: str | None,
    reaction: Reaction | None = None,
) -> Iterator[MailEvent]:
    """The events of an email; `dropped` says why it is not even tried, `reaction` what its reader does besides."""
    reads = reaction or Reaction()

    def happens(what: str) -> bool:
        share: float = getattr(outcomes, what)
        if reads.follows_a_link and what in {"opened", "clicked"}:
            return True
        return draw(seed, "mail", what, mail.key, mail.to) < share

    chapters = _chapters(mail, happens, dropped)
    for number, (name, details) in enumerate(chapters):
        by_person = name in _BY_PEOPLE and not details.get("sg_machine_open")
        after = number * _STEP + (reads.after if by_person else 0.0)
        yield MailEvent(name=name, mail=mail, after=after, by_person=by_person, details=details)


def _chapters(mail: Mail, happens: Callable[[str], bool], dropped: str | None) -> Iterator[Chapter]:
    if dropped is not None or happens("dropped"):
        yield "dropped", {"reason": dropped or "Invalid", "status": "5.0.0"}
        return
    yield "processed", {"send_at": 0}
    if happens("deferred"):
        yield "deferred", _DEFERRED
    if happens("bounced"):
        yield "bounce", _BOUNCED
    elif happens("blocked"):
        yield "bounce", _BLOCKED
    else:
        yield "delivered", _DELIVERED
        yield from _reactions(mail, happens)


def _reactions(mail: Mail, happens: Callable[[str], bool]) -> Iterator[Chapter]:
    if happens("opened_by_machine"):
        yield "open", {"sg_machine_open": True, **_APPLE_PROXY}
    if happens("opened"):
        yield "open", {"sg_machine_open": False, **_BROWSER}
    if happens("clicked"):
        yield "click", {"url": "https://shop.example/", **_BROWSER}
    if happens("complained"):
        yield "spamreport", {}
    if happens("unsubscribed") and mail.group is None:
        yield "unsubscribe", {}
    elif happens("unsubscribed"):
        yield "group_unsubscribe", {"asm_group_id": mail.group, **_BROWSER}


def _token(text: str) -> str:
    return (
        base64.urlsafe_b64encode(hashlib.blake2b(text.encode(), digest_size=24).digest())
        .decode()
        .rstrip("=")
    )
