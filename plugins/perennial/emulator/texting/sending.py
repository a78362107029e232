"""POST Messages.json: who may, what is refused, what is taken on, and when it will leave the queue."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

from perennial.emulator.answers import Answer, Call, json_answer
from perennial.emulator.faults import draw
from perennial.emulator.options import Options
from perennial.emulator.record import Acceptance, Record, digest
from perennial.emulator.texting.catalogue import failure
from perennial.emulator.texting.messages import TextMessage, Turn
from perennial.emulator.texting.queues import LONGEST_QUEUE, SenderQueues
from perennial.emulator.texting.rules import LONGEST_VALIDITY, first_error, is_whatsapp
from perennial.emulator.texting.segments import count_segments

_ON_THE_AIR = 0.02


class TextDesk:
    """Takes text messages in; `on_accepted` hears of each one after it was recorded."""

    def __init__(
        self, options: Options, record: Record, *, on_accepted: Callable[[TextMessage], None]
    ) -> None:
        self._options = options
        self._record = record
        self._on_accepted = on_accepted
        self._queues = SenderQueues(options.segments_per_second)
        self._opted_out: set[tuple[str, str]] = set()
        self._given = 0
        self.messages: dict[str, TextMessage] = {}

    def send(self, call: Call) -> Answer:
        """One request, from the credentials to the resource in the answer."""
        if not is_authorized(call, self._options):
            return failure(20003)
        if call.in_flight > self._options.text_concurrency:
            return failure(20429)
        error = first_error(call.form, self._options) or self._unwilling(call)
        return failure(error) if error else self._take(call)

    def keys(self, call: Call) -> Sequence[str]:
        """Our key in a request: a parameter of its status callback."""
        key = key_in(call.form.get("StatusCallback", ""), self._options.key_name)
        return [key] if key else []

    def opt_out(self, person: str, line: str) -> None:
        """From now on this person gets nothing from this number or service."""
        self._opted_out.add((person, line))

    def opt_in(self, person: str, line: str) -> None:
        """This person may be written to again."""
        self._opted_out.discard((person, line))

    def line_of(self, number: str) -> str:
        """What an opt-out to a number holds for: the service that owns it, else the number."""
        owners = (sid for sid, numbers in self._options.services.items() if number in numbers)
        return next(owners, number)

    def keep_inbound(self, person: str, number: str, body: str, *, at: float) -> str:
        """Keeps a message that came in; its sid."""
        sid = self._new_sid()
        self.messages[sid] = TextMessage(
            sid=sid,
            account=self._options.account_sid,
            key="",
            to=number,
            sender=person,
            body=body,
            segments=count_segments(body),
            direction="inbound",
            turns=[Turn(at=at, status="received")],
        )
        return sid

    def _new_sid(self) -> str:
        self._given += 1
        name = f"{self._options.seed}/{self._given}"
        return "SM" + hashlib.blake2b(name.encode(), digest_size=16).hexdigest()

    def _unwilling(self, call: Call) -> int | None:
        form = call.form
        line = form.get("MessagingServiceSid") or self.line_of(form["From"])
        if (form["To"], line) in self._opted_out:
            return 21610
        if form.get("MessagingServiceSid"):
            return None
        return 21611 if self._queues.wait(form["From"], call.at) > LONGEST_QUEUE else None

    def _take(self, call: Call) -> Answer:
        message = self._message(call)
        self._record.add([_acceptance(message, call.form)])
        if not self._options.lean:
            self.messages[message.sid] = message
            self._on_accepted(message)
        return json_answer(201, message.as_json(call.at), accepted=True)

    def _message(self, call: Call) -> TextMessage:
        form = call.form
        service = form.get("MessagingServiceSid") or None
        sender = form.get("From") or self._queues.shortest(
            self._options.services[service or ""], call.at
        )
        segments = count_segments(form.get("Body", ""))
        sid = self._new_sid()
        return TextMessage(
            sid=sid,
            account=self._options.account_sid,
            key=next(iter(self.keys(call)), ""),
            to=form["To"],
            sender=sender,
            service=service,
            body="" if form.get("ContentRetention") == "discard" else form.get("Body", ""),
            segments=segments,
            obfuscated=form.get("AddressRetention") == "obfuscate",
            callback=form.get("StatusCallback"),
            turns=self._turns(form, sender, segments, call.at),
        )

    def _turns(
        self, form: Mapping[str, str], sender: str, segments: int, now: float
    ) -> Sequence[Turn]:
        first = Turn(at=now, status="accepted" if form.get("MessagingServiceSid") else "queued")
        if self._queues.wait(sender, now) > LONGEST_QUEUE:
            return [first, Turn(at=now + _ON_THE_AIR, status="failed", error_code=30001)]
        validity = float(form.get("ValidityPeriod", LONGEST_VALIDITY))
        if self._queues.wait(sender, now) > validity:
            return [first, Turn(at=now + validity, status="failed", error_code=30036)]
        leaves = self._queues.take(sender, segments, now)
        if is_whatsapp(form["To"]) and not form.get("ContentSid"):
            # Nobody has written to us within a day: only approved templates go out.
            failed = Turn(at=leaves + _ON_THE_AIR, status="failed", error_code=63016)
            return [first, failed]
        sent = Turn(at=leaves + _ON_THE_AIR, status="sent")
        return [first, sent, self._end(form, leaves + 2 * _ON_THE_AIR)]

    def _end(self, form: Mapping[str, str], at: float) -> Turn:
        name = key_in(form.get("StatusCallback", ""), self._options.key_name) or form["To"]
        share = draw(self._options.seed, "text", name)
        for code, failing in sorted(self._options.text_outcomes.failed.items()):
            share -= failing
            if share < 0:
                return Turn(at=at, status="undelivered", error_code=code)
        return Turn(at=at, status="delivered")


def is_authorized(call: Call, options: Options) -> bool:
    """Whether the call carries the account's credentials and asks for this account."""
    pair = base64.b64encode(f"{options.account_sid}:{options.auth_token}".encode()).decode()
    return (
        call.headers.get("Authorization") == f"Basic {pair}"
        and call.parts.get("account") == options.account_sid
    )


def key_in(callback: str, key_name: str) -> str | None:
    """Our key in the address of a status callback."""
    values = parse_qs(urlsplit(callback).query).get(key_name)
    return values[-1] if values else None


def _acceptance(message: TextMessage, form: Mapping[str, str]) -> Acceptance:
    said = (form.get(name, "") for name in ("Body", "ContentSid", "ContentVariables"))
    return Acceptance(
        provider="twilio",
        key=message.key,
        message_id=message.sid,
        recipient=digest(message.to),
        subject="",
        content=digest("".join(said)),
        at=message.turns[0].at,
    )
