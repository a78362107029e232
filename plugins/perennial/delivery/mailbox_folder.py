"""A folder in place of a provider: what a demo or a rehearsal sends lies there, ready to be opened.

    <root>/accepted.jsonl                  one line for every acceptance, with no address: the truth
    <root>/email/<campaign>/<key>.eml      the email as it would travel
    <root>/email/<campaign>/<key>.html     its HTML, for a browser
    <root>/sms/<campaign>/<key>.txt        the text message
    <root>/whatsapp/<campaign>/<key>.txt   the WhatsApp message

A message that is accepted twice has two lines: this folder never hides a duplicate.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from perennial.delivery.mail_format import mail_bytes
from perennial.delivery.provider import Pace, Question
from perennial.errors import DeliveryError, RenderError
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage, Message, Receipt
from perennial.model.words import Channel, MessageState


@dataclass(frozen=True, kw_only=True)
class MailboxEntry:
    """One acceptance: the message, when, and the files to look at."""

    key: MessageKey
    campaign: str
    channel: Channel
    at: datetime
    path: Path
    html: Path | None = None


class Mailbox:
    """Writes messages of one channel to files instead of sending them."""

    name = "mailbox"
    batch_size = 100
    concurrency = 2
    rate = None

    def __init__(self, root: Path, channel: Channel, *, clock: Callable[[], datetime]) -> None:
        self.channel = channel
        self._root = root
        self._clock = clock

    def units(self, messages: Sequence[Message]) -> int:
        return len(messages)

    async def send(self, messages: Sequence[Message], pace: Pace) -> Sequence[Receipt]:  # noqa: ARG002 - a folder is never in a hurry
        return await asyncio.to_thread(lambda: [self._accept(message) for message in messages])

    def keep(self, message: Message) -> Receipt:
        """Writes one message down, as it does with those that are sent by it."""
        return self._accept(message)

    async def find(self, questions: Sequence[Question]) -> Mapping[MessageKey, Receipt]:
        """What was accepted is accepted; everything else surely was not."""
        wanted = frozenset(question.key for question in questions)
        accepted = await asyncio.to_thread(
            lambda: {entry.key for entry in self.read() if entry.key in wanted}
        )
        return {
            key: self._receipt(
                key, MessageState.ACCEPTED if key in accepted else MessageState.RETRYABLE
            )
            for key in wanted
        }

    async def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Iterator[MailboxEntry]:
        """Every acceptance in the folder, of all channels, in the order in which they happened."""
        try:
            lines = (self._root / "accepted.jsonl").open(encoding="utf-8")
        except FileNotFoundError:
            return
        with lines:
            for number, line in enumerate(lines, start=1):
                # A line without its end is being written at this moment.
                if line.endswith("\n"):
                    yield self._entry(line, number)

    def _entry(self, line: str, number: int) -> MailboxEntry:
        try:
            fields = json.loads(line)
            channel, campaign = Channel(fields["channel"]), str(fields["campaign"])
            at = datetime.fromisoformat(fields["at"])
            path = self._path(channel, campaign, fields["key"])
        except (ValueError, KeyError, TypeError):
            msg = (
                f"{self._root / 'accepted.jsonl'}:{number}: this line is not one that a mailbox writes. "
                "Mend it or start with an empty folder; until then nothing is sent."
            )
            raise DeliveryError(msg) from None
        html = path.with_suffix(".html") if channel is Channel.EMAIL else None
        return MailboxEntry(
            key=MessageKey(fields["key"]),
            campaign=campaign,
            channel=channel,
            at=at,
            path=path,
            html=html,
        )

    def _path(self, channel: Channel, campaign: str, key: str) -> Path:
        suffix = ".eml" if channel is Channel.EMAIL else ".txt"
        return self._root / channel / campaign / f"{key}{suffix}"

    def _accept(self, message: Message) -> Receipt:
        at = self._clock()
        try:
            self._write_files(message, at)
            self._write_line(message, at)
        except RenderError:
            return self._receipt(message.key, MessageState.REFUSED, code="cannot_be_written_down")
        except OSError as error:
            # The line comes last and comes whole or not at all: without it nothing was accepted.
            code = errno.errorcode.get(error.errno or 0, "os_error").lower()
            return self._receipt(message.key, MessageState.RETRYABLE, code=code)
        return self._receipt(message.key, MessageState.ACCEPTED)

    def _write_files(self, message: Message, at: datetime) -> None:
        path = self._path(message.channel, message.campaign, message.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(message, EmailMessage):
            _write_whole(path, mail_bytes(message, at=at))
            _write_whole(path.with_suffix(".html"), message.html.encode())
        else:
            _write_whole(path, f"To: {message.to}\n\n{message.text}\n".encode())

    def _write_line(self, message: Message, at: datetime) -> None:
        line = {
            "key": message.key,
            "campaign": message.campaign,
            "channel": message.channel.value,
            "at": at.isoformat(),
        }
        _append_whole(self._root / "accepted.jsonl", f"{json.dumps(line)}\n".encode())

    def _receipt(self, key: MessageKey, state: MessageState, *, code: str | None = None) -> Receipt:
        return Receipt(key=key, state=state, provider=self.name, code=code)


def _write_whole(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(f"{path.suffix}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def _append_whole(path: Path, line: bytes) -> None:
    descriptor = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)
    try:
        # Only while nobody else appends may a half-written end be cut off again.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        end = os.fstat(descriptor).st_size
        if os.write(descriptor, line) < len(line):
            os.ftruncate(descriptor, end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)
