"""GET /v3/messages, Email Activity: what became of emails, for accounts that have paid for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from perennial.emulator.answers import Answer, Call, json_answer
from perennial.emulator.mailing import replies
from perennial.emulator.mailing.envelopes import Mail
from perennial.emulator.mailing.sending import is_authorized
from perennial.emulator.mailing.stories import MailEvent
from perennial.emulator.options import Options
from perennial.emulator.rate_window import RateWindow

_CONDITION = re.compile(
    r"""\(?\s*(?P<field>msg_id|to_email|from_email|subject|status|unique_args\[['"](?P<name>[^'"]+)['"]\])"""
    r"""\s*(?P<how>=|!=|LIKE)\s*"(?P<value>[^"]*)"\s*\)?""",
    re.IGNORECASE,
)
_STATUSES = {"delivered": "delivered", "bounce": "not_delivered", "dropped": "not_delivered"}


@dataclass(kw_only=True)
class Trace:
    """What is known of one email so far."""

    mail: Mail
    status: str = "processed"
    last_event_at: float = 0.0
    opens: int = 0
    clicks: int = 0
    events: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.mail.message_id}.recvd-emulator-1-0.{self.mail.number}"

    def note(self, event: MailEvent, at: float) -> None:
        self.events.append(event.name)
        self.last_event_at = at
        self.status = _STATUSES.get(event.name, self.status)
        self.opens += event.name == "open"
        self.clicks += event.name == "click"

    def as_json(self) -> Mapping[str, Any]:
        """The row as a search shows it."""
        moment = datetime.fromtimestamp(self.last_event_at, UTC)
        return {
            "from_email": self.mail.from_address,
            "msg_id": self.id,
            "subject": self.mail.subject,
            "to_email": self.mail.to,
            "status": self.status,
            "opens_count": self.opens,
            "clicks_count": self.clicks,
            "last_event_time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


class ActivityDesk:
    """Remembers the latest emails and finds them again."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._window = RateWindow(options.activity_limit)
        self._traces: dict[str, Trace] = {}

    def note(self, event: MailEvent, at: float) -> None:
        """Remembers an event, as long as the email is among the latest."""
        trace = Trace(mail=event.mail)
        self._traces.setdefault(trace.id, trace).note(event, at)
        while len(self._traces) > self._options.kept_messages:
            del self._traces[next(iter(self._traces))]

    def search(self, call: Call) -> Answer:
        """Emails that meet the conditions of a query, the latest first."""
        if not is_authorized(call, self._options):
            return replies.UNAUTHORIZED
        if not self._options.email_activity:
            return replies.FORBIDDEN
        if not self._window.admits(call.at):
            return replies.too_many(self._window.headers())
        conditions = conditions_of(call.query.get("query", ""))
        limit = call.query.get("limit", "10")
        if conditions is None or not limit.isdigit() or not 1 <= int(limit) <= 1_000:
            return replies.refused_as(400, "invalid query")
        traces = reversed(self._traces.values())
        found = [trace for trace in traces if all(meets(trace) for meets in conditions)]
        rows = [trace.as_json() for trace in found[: int(limit)]]
        return json_answer(200, {"messages": rows})


def conditions_of(query: str) -> Sequence[Callable[[Trace], bool]] | None:
    """The conditions of a query, joined by AND; nothing when one of them is not understood."""
    found = [_CONDITION.fullmatch(part.strip()) for part in re.split(r"\s+AND\s+", query.strip())]
    if not query.strip() or None in found:
        return None
    return [_condition(match) for match in found if match is not None]


def _condition(match: re.Match[str]) -> Callable[[Trace], bool]:
    name, how, value = match["field"].lower(), match["how"].upper(), match["value"]

    def meets(trace: Trace) -> bool:
        argument = match["name"]
        actual = trace.mail.arguments.get(argument, "") if argument else trace.as_json()[name]
        if how == "LIKE":
            pattern = ".*".join(re.escape(part) for part in value.split("%"))
            return re.fullmatch(pattern, actual, re.DOTALL) is not None
        return (actual == value) is (how == "=")

    return meets
