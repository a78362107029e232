from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from perennial.emulator.options import SENDGRID_KEY, Options
from perennial.emulator.record import accepted_in, read_record
from perennial.emulator.serving import emulator_thread
from perennial.errors import DefinitionError
from perennial.settings import PROJECT
from provider_client import Client, mail, play


def _post(url: str, data: object) -> int:
    headers = {"Authorization": f"Bearer {SENDGRID_KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/v3/mail/send", json.dumps(data).encode(), headers
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@contextmanager
def _process(*arguments: str) -> Iterator[str]:
    command = [sys.executable, "-m", "perennial.emulator.serving", *arguments]
    folder = PROJECT / "plugins"
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


def test_an_emulator_runs_in_a_thread_of_a_test() -> None:
    with emulator_thread(Options(seed=1)) as emulator:
        assert _post(emulator.url, mail("k1")) == 202
        assert emulator.accepted() == {"k1": 1}


def test_an_emulator_runs_as_a_process_and_keeps_its_record_in_a_file(tmp_path: Path) -> None:
    script, record = tmp_path / "faults.jsonl", tmp_path / "kept" / "accepted.jsonl"
    script.write_text('{"kind": "server_error", "before_acceptance": false}\n', encoding="utf-8")
    with _process("--record", str(record), "--seed", "3", "--script", str(script)) as url:
        assert [_post(url, mail("k1")), _post(url, mail("k2"))] == [500, 202]
        assert accepted_in(record) == {"k1": 1, "k2": 1}
        accepted = f"{url}/_emulator/accepted"
        with urllib.request.urlopen(accepted, timeout=10) as answer:  # noqa: S310
            assert json.load(answer) == {"k1": 1, "k2": 1}


def test_a_record_is_continued_and_never_overwritten(tmp_path: Path) -> None:
    record = tmp_path / "accepted.jsonl"

    async def act(client: Client) -> None:
        await client.send_mail(mail("k1"))

    play(act, record=record)
    play(act, record=record)
    assert accepted_in(record) == {"k1": 2}


def test_a_record_holds_no_address_and_no_word_of_a_message(tmp_path: Path) -> None:
    record = tmp_path / "accepted.jsonl"

    async def act(client: Client) -> None:
        await client.send_mail(mail("k1", subject="Secret"))
        await client.send_text("k2", Body="Secret")

    play(act, record=record)
    text = record.read_text(encoding="utf-8")
    assert not [word for word in ("customers.example", "14155550123", "ecret") if word in text]
    emailed, texted = read_record(record)
    assert (emailed.provider, emailed.key, texted.provider, texted.key) == (
        "sendgrid",
        "k1",
        "twilio",
        "k2",
    )


def test_the_same_words_have_the_same_hash_and_others_another(tmp_path: Path) -> None:
    record = tmp_path / "accepted.jsonl"

    async def act(client: Client) -> None:
        for key, subject in (("k1", "a"), ("k2", "a"), ("k3", "b")):
            await client.send_mail(mail(key, subject=subject))

    play(act, record=record)
    first, same, other = read_record(record)
    assert first.subject == same.subject != other.subject
    assert first.recipient != same.recipient


def test_a_line_that_is_being_written_is_not_read_yet_and_a_foreign_one_is_named(
    tmp_path: Path,
) -> None:
    record = tmp_path / "accepted.jsonl"
    record.write_text('{"provider": "sendg', encoding="utf-8")
    assert list(read_record(record)) == []
    record.write_text("\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=":1:"):
        list(read_record(record))


def test_tests_see_what_each_person_got_and_the_keys_of_the_accounts() -> None:
    async def act(client: Client) -> Any:
        await client.send_mail(mail("k1", "k2", subject="Hello"))
        account = (await client.request("GET", "/_emulator/account")).json
        assert account["sendgrid_key"] == client.emulator.options.sendgrid_key
        return (await client.request("GET", "/_emulator/mails?key=k2")).json

    shown = play(act)
    assert [(m["to"], m["subject"]) for m in shown] == [("k2@customers.example", "Hello")]


def test_thousands_of_requests_are_answered_at_once_after_the_latency_that_was_asked_for() -> None:
    async def act(client: Client) -> float:
        start = time.perf_counter()
        replies = await asyncio.gather(*(client.send_text(f"k{n}") for n in range(500)))
        assert {reply.status for reply in replies} == {201}
        return time.perf_counter() - start

    # One after the other it would take 150 seconds.
    assert play(act, latency=0.3) < 15
