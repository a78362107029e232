"""POST /v3/mail/send: who may, how often, what is refused, and what is taken on."""

from __future__ import annotations

import base64
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from perennial.emulator.answers import TOO_LARGE, Answer, Call, json_answer
from perennial.emulator.mailing import replies
from perennial.emulator.mailing.envelopes import Mail, keys_alone, keys_of, mails_of
from perennial.emulator.mailing.replies import Refusal, refused
from perennial.emulator.mailing.rules import refusals
from perennial.emulator.options import Options
from perennial.emulator.rate_window import RateWindow
from perennial.emulator.record import Acceptance, Record, digest

MOST_MAIL_BYTES = 30_000_000
_MOST_ERRORS = 20


class MailDesk:
    """Takes emails in; `on_accepted` hears of each one after it was recorded."""

    def __init__(
        self, options: Options, record: Record, *, on_accepted: Callable[[Mail], None]
    ) -> None:
        self._options = options
        self._record = record
        self._on_accepted = on_accepted
        self._window = RateWindow(options.mail_limit)
        self._requests = 0
        self._batches: set[str] = set()
        self.kept: deque[Mail] = deque(maxlen=options.kept_messages)

    def send(self, call: Call) -> Answer:
        """One request, from the key in its header to the id in the answer's."""
        if not is_authorized(call, self._options):
            return replies.UNAUTHORIZED
        admitted = self._window.admits(call.at)
        headers = dict(self._window.headers())
        if not admitted:
            return replies.too_many(headers)
        if len(call.body) > MOST_MAIL_BYTES:
            return TOO_LARGE
        if self._options.lean:
            return self._take_at_its_word(call, headers)
        wrong = self._wrong(call)
        if wrong:
            return refused(wrong, headers=headers)
        return self._take(call, headers)

    def keys(self, call: Call) -> Sequence[str]:
        """Our keys in a request."""
        return keys_of(call.json, self._options.key_name)

    def open_batch(self, call: Call) -> Answer:
        """POST /v3/mail/batch: an id under which mail may be sent."""
        if not is_authorized(call, self._options):
            return replies.UNAUTHORIZED
        batch = f"batch-{self._options.seed}-{len(self._batches) + 1}"
        self._batches.add(batch)
        return json_answer(201, {"batch_id": batch})

    def look_up_batch(self, call: Call) -> Answer:
        """GET /v3/mail/batch/{batch_id}: whether an id is one of ours."""
        if not is_authorized(call, self._options):
            return replies.UNAUTHORIZED
        batch = call.parts["batch_id"]
        if batch not in self._batches:
            return refused([Refusal(message="invalid batch id", field="batch_id")])
        return json_answer(200, {"batch_id": batch})

    def _wrong(self, call: Call) -> Sequence[Refusal]:
        wrong = list(islice(refusals(call.json, now=call.at), _MOST_ERRORS))
        if wrong:
            return wrong
        if "batch_id" in call.json and call.json["batch_id"] not in self._batches:
            return [Refusal(message="invalid batch id", field="batch_id")]
        return [] if self._may_send(call.json["from"]["email"]) else [replies.UNVERIFIED]

    def _may_send(self, address: str) -> bool:
        senders = self._options.senders
        return not senders or bool(senders & {address.lower(), address.lower().rpartition("@")[2]})

    def _take_at_its_word(self, call: Call, headers: dict[str, str]) -> Answer:
        keys = keys_alone(call.body, self._options.key_name)
        if keys is None:
            return refused([Refusal(message="Bad Request", field=None)], headers=headers)
        headers["X-Message-Id"] = self._next_id()
        self._record.add_keys("sendgrid", keys, headers["X-Message-Id"], at=call.at)
        return Answer(status=202, headers=headers, accepted=True)

    def _next_id(self) -> str:
        self._requests += 1
        return _message_id(self._options.seed, self._requests)

    def _take(self, call: Call, headers: dict[str, str]) -> Answer:
        mail = call.json
        if ((mail.get("mail_settings") or {}).get("sandbox_mode") or {}).get("enable"):
            return Answer(status=200, headers=headers)
        headers["X-Message-Id"] = self._next_id()
        mails = list(
            mails_of(
                mail,
                key_name=self._options.key_name,
                message_id=headers["X-Message-Id"],
                at=call.at,
            )
        )
        self._record.add([_acceptance(each) for each in mails])
        self.kept.extend(mails)
        for each in mails:
            self._on_accepted(each)
        return Answer(status=202, headers=headers, accepted=True)


def is_authorized(call: Call, options: Options) -> bool:
    """Whether the call carries the account's key."""
    return call.headers.get("Authorization") == f"Bearer {options.sendgrid_key}"


def _message_id(seed: int, number: int) -> str:
    digits = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=16).digest()
    return base64.urlsafe_b64encode(digits).decode().rstrip("=")


def _acceptance(mail: Mail) -> Acceptance:
    return Acceptance(
        provider="sendgrid",
        key=mail.key,
        message_id=mail.message_id,
        recipient=digest(mail.to),
        subject=digest(mail.subject),
        content=digest(f"{mail.text or ''}\x1f{mail.html or ''}"),
        at=mail.at,
        arguments=mail.arguments,
    )
