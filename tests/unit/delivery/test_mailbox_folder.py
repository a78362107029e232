from __future__ import annotations

import asyncio
import json
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from mailbox_writer import write_all
from perennial.delivery.mailbox_folder import Mailbox
from perennial.delivery.provider import Question, unhurried
from perennial.errors import DeliveryError
from perennial.model.keys import MessageKey
from perennial.model.message import EmailMessage, Message, Receipt, SmsMessage
from perennial.model.words import Channel, MessageState
from warm_fork import warm_fork

MakeEmail = Callable[..., EmailMessage]
MakeSms = Callable[..., SmsMessage]


@pytest.fixture
def mailbox(tmp_path: Path, now: datetime) -> Mailbox:
    return Mailbox(tmp_path, Channel.EMAIL, clock=lambda: now)


def send(mailbox: Mailbox, *messages: Message) -> list[Receipt]:
    return list(asyncio.run(mailbox.send(messages, unhurried)))


def find(mailbox: Mailbox, *keys: str) -> dict[str, MessageState]:
    begun = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
    found = asyncio.run(
        mailbox.find([Question(key=MessageKey(key), begun_at=begun) for key in keys])
    )
    return {key: receipt.state for key, receipt in found.items()}


def test_an_email_lies_there_as_it_would_travel(
    mailbox: Mailbox, make_email: MakeEmail, tmp_path: Path
) -> None:
    message = make_email()
    assert [r.state for r in send(mailbox, message)] == [MessageState.ACCEPTED]
    stem = tmp_path / "email" / "birthday" / message.key
    mail = message_from_bytes(stem.with_suffix(".eml").read_bytes(), policy=default)
    assert mail["Subject"] == message.subject
    assert mail["List-Unsubscribe"] == message.headers["List-Unsubscribe"]
    assert stem.with_suffix(".html").read_text(encoding="utf-8") == message.html


def test_a_text_message_lies_there_with_its_number(
    tmp_path: Path, make_sms: MakeSms, now: datetime
) -> None:
    message = make_sms()
    send(Mailbox(tmp_path, Channel.SMS, clock=lambda: now), message)
    file = tmp_path / "sms" / "points_reminder" / f"{message.key}.txt"
    assert file.read_text(encoding="utf-8") == f"To: {message.to}\n\n{message.text}\n"


def test_the_list_of_acceptances_holds_no_address(
    mailbox: Mailbox, make_email: MakeEmail, tmp_path: Path, now: datetime
) -> None:
    send(mailbox, make_email())
    line = json.loads((tmp_path / "accepted.jsonl").read_text(encoding="utf-8"))
    assert line == {
        "key": make_email().key,
        "campaign": "birthday",
        "channel": "email",
        "at": now.isoformat(),
    }


def test_a_message_accepted_twice_shows_twice(mailbox: Mailbox, make_email: MakeEmail) -> None:
    send(mailbox, make_email())
    send(mailbox, make_email())
    assert [entry.key for entry in mailbox.read()] == [make_email().key] * 2


def test_reading_gives_every_channel_in_order(
    mailbox: Mailbox, tmp_path: Path, make_email: MakeEmail, make_sms: MakeSms, now: datetime
) -> None:
    send(mailbox, make_email())
    send(Mailbox(tmp_path, Channel.SMS, clock=lambda: now), make_sms())
    email, sms = mailbox.read()
    assert (email.channel, sms.channel) == (Channel.EMAIL, Channel.SMS)
    assert email.at == now
    assert email.path.is_file()
    assert email.html is not None
    assert email.html.is_file()
    assert sms.path.is_file()
    assert sms.html is None


def test_an_empty_folder_has_no_entries(mailbox: Mailbox) -> None:
    assert list(mailbox.read()) == []


def test_the_mailbox_knows_for_sure_what_it_accepted(
    mailbox: Mailbox, make_email: MakeEmail
) -> None:
    send(mailbox, make_email())
    assert find(mailbox, make_email().key, "f" * 32) == {
        make_email().key: MessageState.ACCEPTED,
        "f" * 32: MessageState.RETRYABLE,
    }


def test_a_line_that_is_being_written_is_not_read(
    mailbox: Mailbox, make_email: MakeEmail, tmp_path: Path
) -> None:
    send(mailbox, make_email())
    with (tmp_path / "accepted.jsonl").open("a", encoding="utf-8") as lines:
        lines.write('{"key": "ff')
    assert [entry.key for entry in mailbox.read()] == [make_email().key]


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"key": "ff"}', '{"channel": "pigeon"}'])
def test_a_list_that_was_changed_by_hand_stops_the_run_and_says_where(
    mailbox: Mailbox, make_email: MakeEmail, tmp_path: Path, line: str
) -> None:
    send(mailbox, make_email())
    with (tmp_path / "accepted.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(f"{line}\n")
    with pytest.raises(DeliveryError, match=r"accepted\.jsonl:2"):
        find(mailbox, make_email().key)


def test_a_message_that_cannot_be_written_down_is_refused_alone(
    mailbox: Mailbox, make_email: MakeEmail
) -> None:
    bad = make_email(key=MessageKey("b" * 32), subject="two\nlines")
    assert [(r.state, r.code) for r in send(mailbox, bad, make_email())] == [
        (MessageState.REFUSED, "cannot_be_written_down"),
        (MessageState.ACCEPTED, None),
    ]


def test_a_file_in_place_of_the_folder_is_no_acceptance(
    mailbox: Mailbox, make_email: MakeEmail, tmp_path: Path
) -> None:
    (tmp_path / "email").write_text("in the way", encoding="utf-8")
    assert [r.state for r in send(mailbox, make_email())] == [MessageState.RETRYABLE]
    assert find(mailbox, make_email().key) == {make_email().key: MessageState.RETRYABLE}


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Stands in for a full disk: the system cuts writes short and refuses the next."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_a_disk_that_fills_up_in_the_middle_of_a_line_leaves_no_half_line(
    mailbox: Mailbox, make_email: MakeEmail, tmp_path: Path
) -> None:
    truth = tmp_path / "accepted.jsonl"
    send(mailbox, make_email())
    length = truth.stat().st_size
    tail = make_email(key=MessageKey("b" * 32), html="<p>", text="t", headers={})
    # Grow the list until the next line would cross the limit halfway, with files well below it.
    with truth.open("ab") as lines:
        lines.write(truth.read_bytes() * 60)
    before = truth.read_bytes()
    with no_file_longer_than(len(before) + length // 2):
        (receipt,) = send(mailbox, tail)
    assert (receipt.state, receipt.code) == (MessageState.RETRYABLE, "enospc")
    assert truth.read_bytes() == before
    send(mailbox, tail)
    assert find(mailbox, tail.key) == {tail.key: MessageState.ACCEPTED}


def test_a_full_disk_leaves_no_half_file(
    mailbox: Mailbox, make_email: MakeEmail, tmp_path: Path
) -> None:
    with no_file_longer_than(100):
        (receipt,) = send(mailbox, make_email())
    assert receipt.state is MessageState.RETRYABLE
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_two_processes_write_whole_lines(tmp_path: Path, make_email: MakeEmail) -> None:
    batches = [
        [make_email(key=MessageKey(f"{letter}{n:031d}")) for n in range(100)] for letter in "ab"
    ]
    fork = warm_fork(write_all.__module__)
    writing = [fork.Process(target=write_all, args=(tmp_path, batch)) for batch in batches]
    for process in writing:
        process.start()
    for process in writing:
        process.join()
    assert [process.exitcode for process in writing] == [0, 0]
    mailbox = Mailbox(tmp_path, Channel.EMAIL, clock=datetime.now)
    assert len({entry.key for entry in mailbox.read()}) == 200
