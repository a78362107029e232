"""The suppression API: reading the lists, adding to those that may be added to, taking away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from perennial.emulator.answers import EMPTY, Answer, Call, json_answer
from perennial.emulator.mailing import replies
from perennial.emulator.mailing.sending import is_authorized
from perennial.emulator.mailing.suppressions import Entry, Suppressions
from perennial.emulator.options import Options

_MOST_ENTRIES = 500
_EVER = 2.0**40


class SuppressionDesk:
    """What the account's owner sees and changes of the lists."""

    def __init__(self, options: Options, suppressions: Suppressions) -> None:
        self._options = options
        self._kept = suppressions

    def guarded(self, act: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        """The same, for those alone who hold the account's key."""

        def answer(call: Call) -> Answer:
            if not is_authorized(call, self._options):
                return replies.UNAUTHORIZED
            try:
                return act(call)
            except (ValueError, KeyError, TypeError, AttributeError):
                return replies.BAD_JSON

        return answer

    def read(self, call: Call) -> Answer:
        """A list, page by page."""
        name, query = call.parts["list"], call.query
        if name not in self._kept.lists:
            return replies.NOT_FOUND
        start, end = float(query.get("start_time", 0)), float(query.get("end_time", _EVER))
        offset = int(query.get("offset", 0))
        limit = min(int(query.get("limit", _MOST_ENTRIES)), _MOST_ENTRIES)
        found = self._kept.between(name, start, end)[offset : offset + limit]
        return json_answer(200, [entry.as_json(name) for entry in found])

    def read_one(self, call: Call) -> Answer:
        """One address of a list: a list of one or none."""
        name = call.parts["list"]
        entry = self._kept.lists[name].get(call.parts["email"].lower())
        return json_answer(200, [entry.as_json(name)] if entry else [])

    def remove(self, call: Call) -> Answer:
        """Takes some or all addresses from a list."""
        kept, asked = self._kept.lists[call.parts["list"]], call.json
        emails = list(kept) if asked.get("delete_all") is True else asked["emails"]
        for email in emails:
            kept.pop(email.lower(), None)
        return EMPTY

    def remove_one(self, call: Call) -> Answer:
        """Takes one address from a list."""
        removed = self._kept.remove(call.parts["list"], call.parts["email"])
        return EMPTY if removed else replies.NOT_FOUND

    def add_global(self, call: Call) -> Answer:
        """POST /v3/asm/suppressions/global."""
        emails = _emails(call)
        for email in emails:
            self._kept.add("unsubscribes", Entry(email=email, created=int(call.at)))
        return json_answer(201, {"recipient_emails": emails})

    def read_global(self, call: Call) -> Answer:
        """Whether an address has left everything; an empty object when it has not, as the service answers."""
        email = call.parts["email"]
        listed = email.lower() in self._kept.lists["unsubscribes"]
        return json_answer(200, {"recipient_email": email} if listed else {})

    def remove_global(self, call: Call) -> Answer:
        """Lets an address come back."""
        removed = self._kept.remove("unsubscribes", call.parts["email"])
        return EMPTY if removed else replies.NOT_FOUND

    def open_group(self, call: Call) -> Answer:
        """POST /v3/asm/groups."""
        asked = call.json
        number = self._kept.open_group(asked["name"])
        shown = {
            "id": number,
            "name": asked["name"],
            "description": asked["description"],
            "is_default": bool(asked.get("is_default")),
        }
        return json_answer(201, shown)

    def read_groups(self, _: Call) -> Answer:
        """GET /v3/asm/groups."""
        names = self._kept.group_names
        return json_answer(200, [self._group(number) for number in sorted(names)])

    def read_group(self, call: Call) -> Answer:
        """The addresses that have left a group."""
        group = self._kept.groups.get(int(call.parts["group"]))
        if group is None:
            return replies.NOT_FOUND
        return json_answer(200, [entry.email for entry in group.values()])

    def add_to_group(self, call: Call) -> Answer:
        """POST /v3/asm/groups/{group}/suppressions."""
        emails = _emails(call)
        self._kept.add_to_group(int(call.parts["group"]), emails, call.at)
        return json_answer(201, {"recipient_emails": emails})

    def remove_from_group(self, call: Call) -> Answer:
        """Lets an address come back into a group."""
        group = self._kept.groups.get(int(call.parts["group"]), {})
        removed = group.pop(call.parts["email"].lower(), None)
        return EMPTY if removed else replies.NOT_FOUND

    def read_all_groups(self, _: Call) -> Answer:
        """GET /v3/asm/suppressions: everybody who has left a group."""
        rows = [
            {
                "email": entry.email,
                "group_id": number,
                "group_name": self._kept.group_names[number],
                "created_at": entry.created,
            }
            for number, entries in sorted(self._kept.groups.items())
            for entry in entries.values()
        ]
        return json_answer(200, rows)

    def _group(self, number: int) -> Mapping[str, Any]:
        return {
            "id": number,
            "name": self._kept.group_names[number],
            "description": self._kept.group_names[number],
            "is_default": False,
            "unsubscribes": len(self._kept.groups[number]),
        }


def _emails(call: Call) -> Sequence[str]:
    emails: list[str] = call.json["recipient_emails"]
    return [email for email in emails if email]
