"""Status callbacks and incoming messages: signed forms, posted to the customer's addresses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from urllib.parse import parse_qs, urldefrag, urlencode

from perennial.emulator.courier import Courier, Fate, copies
from perennial.emulator.options import Options
from perennial.emulator.signing import twilio_signature
from perennial.emulator.texting.messages import TextMessage, Turn
from perennial.emulator.texting.sending import TextDesk

_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "REVOKE", "OPTOUT", "CANCEL"})
_START = frozenset({"START", "UNSTOP", "YES"})
_HELP = frozenset({"HELP", "INFO"})


class Callbacks:
    """Tells what becomes of text messages, and brings in what people answer."""

    def __init__(self, options: Options, courier: Courier, desk: TextDesk) -> None:
        self._options = options
        self._courier = courier
        self._desk = desk

    def follow(self, message: TextMessage) -> None:
        """Reports every status after the first: the first one was in the answer."""
        if not message.callback:
            return
        for turn in message.turns[1:]:
            name = f"{message.key}/{message.sid}/{turn.status}"
            sent = copies(self._options.delivery, self._options.seed, name)
            if not sent:
                self._courier.fates[Fate.LOST] += 1
            for copy in sent:
                delay = max(0.0, turn.at - message.turns[0].at) + copy.delay
                self._courier.later(delay, partial(self._report, message, turn))

    def receive(self, person: str, number: str, body: str) -> str:
        """A person writes to one of the account's numbers; the sid of the incoming message.

        Only the words that Twilio knows by itself are understood: English ones, and nothing around them.
        """
        word = body.strip().upper()
        line = self._desk.line_of(number)
        if word in _STOP:
            self._desk.opt_out(person, line)
        elif word in _START:
            self._desk.opt_in(person, line)
        sid = self._desk.keep_inbound(person, number, body, at=self._options.clock())
        if self._options.inbound_url:
            form = self._inbound_form(sid, person, number, body)
            self._post(self._options.inbound_url, form, sid)
        return sid

    def _report(self, message: TextMessage, turn: Turn) -> None:
        form = {
            "AccountSid": message.account,
            "ApiVersion": "2010-04-01",
            "From": message.sender or "",
            "MessageSid": message.sid,
            "MessageStatus": turn.status,
            "SmsSid": message.sid,
            "SmsStatus": turn.status,
            "To": message.to,
        }
        if message.service:
            form["MessagingServiceSid"] = message.service
        if turn.error_code:
            form["ErrorCode"] = str(turn.error_code)
        self._post(message.callback or "", form, f"{message.sid}/{turn.status}")

    def _post(self, url: str, form: Mapping[str, str], name: str) -> None:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": twilio_signature(url, form, self._options.auth_token),
            "I-Twilio-Idempotency-Token": hashlib.blake2b(
                name.encode(), digest_size=16
            ).hexdigest(),
        }
        self._courier.send(url, urlencode(form).encode(), headers, attempts=_attempts(url))

    def _inbound_form(self, sid: str, person: str, number: str, body: str) -> Mapping[str, str]:
        form = {
            "AccountSid": self._options.account_sid,
            "ApiVersion": "2010-04-01",
            "Body": body,
            "From": person,
            "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": number,
        }
        line = self._desk.line_of(number)
        if line != number:
            form["MessagingServiceSid"] = line
            # Only Advanced Opt-Out, which belongs to a Messaging Service, says what it understood.
            form |= _understood(body)
        return form


def _understood(body: str) -> Mapping[str, str]:
    word = body.strip().upper()
    for kind, words in (("STOP", _STOP), ("START", _START), ("HELP", _HELP)):
        if word in words:
            return {"OptOutType": kind}
    return {}


def _attempts(url: str) -> int:
    """One, or as many more as the address asks for in its fragment: `#rc=3`."""
    asked = parse_qs(urldefrag(url).fragment).get("rc", ["0"])[-1]
    return 1 + (int(asked) if asked in {"1", "2", "3", "4", "5"} else 0)
