"""The world around the demo: providers, their webhooks, and everybody who answers. All of it stays on this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from perennial.delivery.mailbox_folder import Mailbox
from perennial.demo.emulated import event_url_of, forwarded, inbound_url_of, settings_of
from perennial.edge.serving import edge_thread
from perennial.emulator.mailing.envelopes import Mail
from perennial.emulator.options import LIVELY_HABITS, LIVELY_MAIL, LIVELY_TEXT, Habits, Options
from perennial.emulator.serving import LOOPBACK, Emulator, emulator_thread
from perennial.emulator.texting.messages import TextMessage
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage, Message, SmsMessage
from perennial.steps.services import Perennial, services

_PUBLIC = "https://shop.example"
_SECONDS_TO_SETTLE = 120.0
# The demo waits for nobody's queue: one number sends a few hundred texts at once.
_SEGMENTS_PER_SECOND = 1_000.0


@dataclass(frozen=True, kw_only=True)
class World:
    """SendGrid, Twilio and the recipients, as they are played, with the web app that hears of them."""

    emulator: Emulator

    def let_people_answer(self) -> None:
        """From now on recipients read, and do what they will; until then, providers report and nobody else acts.

        So what is sent never depends on how fast this machine is.
        """
        self.emulator.let_people()

    def wait_until_quiet(self) -> None:
        """Comes back when everybody who wants to has answered, and every webhook was taken."""
        self.emulator.wait_until_settled(_SECONDS_TO_SETTLE)

    def accepted(self) -> int:
        """Messages that the providers have taken on, each as often as it was."""
        return self.emulator.accepted().total()

    def repeated(self) -> int:
        """How many of them were taken on again."""
        accepted = self.emulator.accepted()
        return accepted.total() - len(accepted)

    def fill_mailbox(self, folder: Path, perennial: Perennial) -> None:
        """Puts every message as its recipient got it into a folder, where it can be opened."""
        for mail in self.emulator.mail.kept:
            _put(folder, _email(mail), mail.at)
        for text in list(self.emulator.texts.messages.values()):
            if text.direction != "inbound":
                known = perennial.message(MessageKey(text.key))
                _put(folder, _text(text, known.campaign if known else ""), text.turns[0].at)


@contextmanager
def a_world(*, seed: int, habits: Habits = LIVELY_HABITS) -> Iterator[World]:
    """The providers, and the web app of the installation in the environment, until the block ends, however it ends.

    The environment is changed: what the installation sends goes to these providers.
    """
    with socket.create_server((LOOPBACK, 0), backlog=2048) as listener:
        edge = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        options = Options(
            seed=seed,
            mail_outcomes=LIVELY_MAIL,
            text_outcomes=LIVELY_TEXT,
            habits=habits,
            people_wait=True,
            event_url=event_url_of(edge),
            inbound_url=inbound_url_of(_PUBLIC),
            forward=forwarded(_PUBLIC, edge=edge),
            segments_per_second=_SEGMENTS_PER_SECOND,
            kept_messages=100_000,
        )
        with emulator_thread(options) as emulator:
            os.environ |= settings_of(emulator.account(), public=_PUBLIC)
            with services() as perennial, edge_thread(perennial, listener):
                yield World(emulator=emulator)


def _put(folder: Path, message: Message, at: float) -> None:
    moment = datetime.fromtimestamp(at, UTC)
    mailbox = Mailbox(folder, message.channel, clock=lambda: moment)
    mailbox.keep(message)


def _email(mail: Mail) -> EmailMessage:
    return EmailMessage(
        key=MessageKey(mail.key),
        campaign=mail.categories[0],
        locale="",
        to=mail.to,
        subject=mail.subject,
        html=mail.html or "",
        text=mail.text or "",
        from_name=mail.from_name or "",
        from_address=mail.from_address,
        reply_to=mail.reply_to,
        headers=mail.headers,
    )


def _text(text: TextMessage, campaign: str) -> SmsMessage:
    return SmsMessage(
        key=MessageKey(text.key),
        campaign=campaign,
        locale="",
        to=text.to,
        text=text.body,
        segments=text.segments,
    )
