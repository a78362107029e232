"""The Event Webhook: events gathered into signed batches, and posted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from perennial.emulator.courier import Courier, Fate, copies
from perennial.emulator.mailing.envelopes import Mail
from perennial.emulator.mailing.stories import MailEvent, story
from perennial.emulator.mailing.suppressions import Suppressions
from perennial.emulator.options import Habits, MailOutcomes, Options
from perennial.emulator.reactions import reaction_to_mail
from perennial.emulator.signing import EventSigner

MOST_BATCH_BYTES = 768 * 1024


class EventWebhook:
    """Tells what becomes of emails, and lets it have its effect on the suppression lists."""

    def __init__(
        self,
        options: Options,
        courier: Courier,
        suppressions: Suppressions,
        *,
        heard: Callable[[MailEvent, float], None],
    ) -> None:
        self._options = options
        self._courier = courier
        self._suppressions = suppressions
        self._heard = heard
        self._signer = EventSigner(options.seed)
        self._waiting: list[bytes] = []

    @property
    def public_key(self) -> str:
        """The key against which posts are verified."""
        return self._signer.public_key

    def follow(self, mail: Mail) -> None:
        """Lets the story of an accepted email happen, if anybody could ever notice."""
        if not self._watched:
            return
        events = story(
            mail,
            self._options.mail_outcomes,
            seed=self._options.seed,
            dropped=self._suppressions.reason(mail.to, mail.group),
            reaction=reaction_to_mail(mail, self._options.habits, self._options.seed),
        )
        for event in events:
            self.tell(event)

    def tell(self, event: MailEvent) -> None:
        """Lets one event happen in its time."""
        later = self._courier.later_by_people if event.by_person else self._courier.later
        later(event.after, partial(self._happen, event))

    @property
    def _watched(self) -> bool:
        options = self._options
        eventful = options.mail_outcomes != MailOutcomes() or options.habits != Habits()
        return bool(options.event_url) or options.email_activity or eventful

    def _happen(self, event: MailEvent) -> None:
        now = self._options.clock()
        self._suppressions.note(event, now)
        self._heard(event, now)
        if self._options.event_url:
            self._send_copies(event, now)

    def _send_copies(self, event: MailEvent, at: float) -> None:
        sent = copies(self._options.delivery, self._options.seed, event.identity)
        if not sent:
            self._courier.fates[Fate.LOST] += 1
        for number, copy in enumerate(sent):
            told = event.as_json(at=at, again=number if copy.new_id else 0)
            self._courier.later(copy.delay, partial(self._gather, told))

    def _gather(self, told: Mapping[str, Any]) -> None:
        if not self._waiting:
            self._courier.later(self._options.delivery.batch_seconds, self._flush)
        self._waiting.append(json.dumps(told, ensure_ascii=False).encode(errors="replace"))

    def _flush(self) -> None:
        events, self._waiting = self._waiting, []
        for batch in batches(events):
            # The service separates by CR LF: whoever parses and writes anew breaks the signature.
            body = b"[" + b",\r\n".join(batch) + b"]\r\n"
            headers = {
                "Content-Type": "application/json;charset=utf-8",
                **self._signer.headers(body, at=self._options.clock()),
            }
            attempts = self._options.delivery.attempts
            self._courier.send(self._options.event_url or "", body, headers, attempts=attempts)


def batches(events: Sequence[bytes]) -> Sequence[Sequence[bytes]]:
    """Events in their order, in posts of at most 768 KB."""
    made: list[list[bytes]] = []
    size = MOST_BATCH_BYTES
    for event in events:
        size += len(event) + 3
        if size > MOST_BATCH_BYTES:
            made.append([])
            size = len(event) + 3
        made[-1].append(event)
    return made
