"""The suppression lists: whom SendGrid drops, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from perennial.emulator.mailing.stories import MailEvent

LISTS: Mapping[str, str] = MappingProxyType(
    {
        "bounces": "Bounced Address",
        "spam_reports": "Spam Reporting Address",
        "invalid_emails": "Invalid",
        "unsubscribes": "Unsubscribed Address",
    }
)
# Blocks are told on, but do not keep the next email from being tried.
BLOCKS = "blocks"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One address on a list."""

    email: str
    created: int
    reason: str = ""
    status: str = ""

    def as_json(self, name: str) -> Mapping[str, Any]:
        """The entry as its list shows it."""
        shown: dict[str, Any] = {"created": self.created, "email": self.email}
        if name in {"bounces", BLOCKS}:
            shown |= {"reason": self.reason, "status": self.status}
        elif name == "invalid_emails":
            shown |= {"reason": self.reason}
        elif name == "spam_reports":
            shown |= {"ip": "192.0.2.1"}
        return shown


class Suppressions:
    """Every list of the account, by address in lower case."""

    def __init__(self) -> None:
        self.lists: dict[str, dict[str, Entry]] = {name: {} for name in (*LISTS, BLOCKS)}
        self.groups: dict[int, dict[str, Entry]] = {}
        self.group_names: dict[int, str] = {}

    def reason(self, email: str, group: int | None) -> str | None:
        """Why an email to this address is dropped."""
        address = email.lower()
        for name, reason in LISTS.items():
            if address in self.lists[name]:
                return reason
        listed = group is not None and address in self.groups.get(group, {})
        return LISTS["unsubscribes"] if listed else None

    def add(self, name: str, entry: Entry) -> None:
        """Puts an address on a list; the first entry stays."""
        self.lists[name].setdefault(entry.email.lower(), entry)

    def remove(self, name: str, email: str) -> bool:
        """Takes an address from a list; false when it was not there."""
        return self.lists[name].pop(email.lower(), None) is not None

    def add_to_group(self, group: int, emails: Iterable[str], now: float) -> None:
        """Unsubscribes from a group; from everything when there is no such group, as the service does."""
        for email in emails:
            entry = Entry(email=email, created=int(now))
            if group in self.groups:
                self.groups[group].setdefault(email.lower(), entry)
            else:
                self.add("unsubscribes", entry)

    def open_group(self, name: str) -> int:
        """A new group's number."""
        number = len(self.group_names) + 1
        self.groups[number], self.group_names[number] = {}, name
        return number

    def between(self, name: str, start: float, end: float) -> Sequence[Entry]:
        """The entries of a list that were made in a span of time, the latest first."""
        entries = [e for e in self.lists[name].values() if start <= e.created <= end]
        return sorted(entries, key=lambda e: (-e.created, e.email))

    def note(self, event: MailEvent, now: float) -> None:
        """Lets an event have its effect."""
        entry = Entry(
            email=event.mail.to,
            created=int(now),
            reason=str(event.details.get("reason", "")),
            status=str(event.details.get("status", "")),
        )
        if event.name == "bounce":
            self.add("bounces" if event.details["type"] == "bounce" else BLOCKS, entry)
        elif event.name == "spamreport":
            self.add("spam_reports", entry)
        elif event.name == "unsubscribe":
            self.add("unsubscribes", entry)
        elif event.name == "group_unsubscribe":
            self.add_to_group(event.details["asm_group_id"], [event.mail.to], now)
