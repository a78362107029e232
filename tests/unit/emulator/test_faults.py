from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from perennial.emulator.faults import (
    Fault,
    FaultKind,
    FaultScript,
    Match,
    Operation,
    fault_of,
    read_faults,
)
from perennial.errors import DefinitionError
from provider_client import Client, Reply, fields, mail, play

SEND = Match(operation=Operation.MAIL_SEND)
TEXT = Match(operation=Operation.TEXT_SEND)
UNSEEN = (aiohttp.ClientError, TimeoutError, ConnectionError)


async def _try(client: Client, match: Match) -> Reply | str:
    send = client.send_mail(mail("k1")) if match is SEND else client.send_text("k1")
    try:
        return await asyncio.wait_for(send, timeout=0.5)
    except UNSEEN as error:
        return type(error).__name__


@pytest.mark.parametrize("match", [SEND, TEXT])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": FaultKind.NO_ANSWER},
        {"kind": FaultKind.NO_ANSWER, "seconds": 0.01},
        {"kind": FaultKind.RESET},
        {"kind": FaultKind.CUT},
        {"kind": FaultKind.SLOW_BODY, "seconds": 2.0},
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_client_without_an_answer_cannot_tell_whether_the_message_was_accepted(
    fault: dict[str, Any], match: Match, *, before: bool
) -> None:
    async def act(client: Client) -> None:
        client.emulator.fail(Fault(match=match, before_acceptance=before, **fault))
        assert isinstance(await _try(client, match), str)
        assert client.emulator.accepted() == ({} if before else {"k1": 1})
        again = await _try(client, match)
        assert isinstance(again, Reply)
        assert again.status in {201, 202}

    play(act)


def test_a_late_acceptance_happens_although_the_client_has_gone() -> None:
    async def act(client: Client) -> None:
        client.emulator.fail(Fault(match=TEXT, kind=FaultKind.LATENCY, seconds=0.6))
        assert isinstance(await _try(client, TEXT), str)
        assert client.emulator.accepted() == {}
        await asyncio.sleep(0.3)
        assert client.emulator.accepted() == {"k1": 1}

    play(act)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("match", [SEND, TEXT])
def test_a_server_error_may_hide_an_acceptance(*, before: bool, status: int, match: Match) -> None:
    fault = Fault(match=match, kind=FaultKind.SERVER_ERROR, status=status, before_acceptance=before)

    async def act(client: Client) -> None:
        client.emulator.fail(fault)
        reply = await _try(client, match)
        assert isinstance(reply, Reply)
        assert reply.status == status
        assert client.emulator.accepted() == ({} if before else {"k1": 1})

    play(act)


def test_a_rate_limit_says_when_it_ends_and_nothing_was_accepted() -> None:
    fault = Fault(match=SEND, kind=FaultKind.RATE_LIMITED, seconds=60.5)

    async def act(client: Client) -> Reply:
        client.emulator.fail(fault)
        reply = await client.send_mail(mail("k1"))
        assert not client.emulator.accepted()
        return reply

    reply = play(act, clock=lambda: 1_000.0)
    assert (reply.status, reply.headers["X-RateLimit-Reset"]) == (429, "1061")
    assert reply.json["errors"][0] == {"message": "too many requests", "field": None, "help": None}


def test_twilio_says_20429_when_there_are_too_many_requests() -> None:
    async def act(client: Client) -> Reply:
        client.emulator.fail(Fault(match=TEXT, kind=FaultKind.RATE_LIMITED))
        return await client.send_text()

    reply = play(act)
    assert (reply.status, reply.json["code"]) == (429, 20429)


def test_an_acceptance_may_be_answered_with_half_a_json_or_with_a_page() -> None:
    async def act(client: Client) -> None:
        client.emulator.fail(
            Fault(match=TEXT, kind=FaultKind.TRUNCATED, before_acceptance=False),
            Fault(match=TEXT, kind=FaultKind.HTML, before_acceptance=False),
            Fault(match=SEND, kind=FaultKind.HTML, before_acceptance=False),
        )
        half, page = await client.send_text("k1"), await client.send_text("k2")
        mailed = await client.send_mail(mail("k3"))
        assert (half.status, page.status, mailed.status) == (201, 201, 202)
        with pytest.raises(json.JSONDecodeError):
            _ = half.json
        assert page.body.startswith(b"<html>")
        assert mailed.body.startswith(b"<html>")
        assert client.emulator.accepted() == {"k1": 1, "k2": 1, "k3": 1}

    play(act)


def test_one_bad_recipient_refuses_the_whole_request_each_time_it_is_in_it() -> None:
    bad = Fault(match=Match(key="k2"), kind=FaultKind.REFUSED, times=None)

    async def act(client: Client) -> None:
        client.emulator.fail(bad)
        reply = await client.send_mail(mail("k1", "k2", "k3"))
        assert (reply.status, fields(reply)) == (400, ["personalizations.1.to.0.email"])
        assert (await client.send_mail(mail("k1", "k3"))).status == 202
        assert (await client.send_mail(mail("k2"))).status == 400
        assert client.emulator.accepted() == {"k1": 1, "k3": 1}

    play(act)


@pytest.mark.parametrize(("code", "status"), [(401, 401), (403, 403), (413, 413), (None, 400)])
def test_sendgrid_refuses_with_the_status_that_is_asked_for(code: int | None, status: int) -> None:
    async def act(client: Client) -> Reply:
        client.emulator.fail(Fault(match=SEND, kind=FaultKind.REFUSED, code=code))
        return await client.send_mail(mail())

    reply = play(act)
    assert reply.status == status
    assert reply.body.startswith(b"<html>") is (status == 413)


@pytest.mark.parametrize(("code", "status"), [(21614, 400), (30034, 400), (20003, 401)])
def test_twilio_refuses_with_the_code_that_is_asked_for(code: int, status: int) -> None:
    async def act(client: Client) -> Reply:
        client.emulator.fail(Fault(match=TEXT, kind=FaultKind.REFUSED, code=code))
        return await client.send_text()

    reply = play(act)
    assert (reply.status, reply.json["code"]) == (status, code)


def test_a_fault_may_begin_after_some_requests_and_end_after_some_more() -> None:
    late = Fault(
        match=Match(operation=Operation.MAIL_SEND, skip=2),
        kind=FaultKind.REFUSED,
        code=401,
        times=2,
    )

    async def act(client: Client) -> list[int]:
        client.emulator.fail(late)
        return [(await client.send_mail(mail(f"k{n}"))).status for n in range(6)]

    assert play(act) == [202, 202, 401, 401, 202, 202]


def test_faults_that_strike_by_chance_strike_the_same_keys_in_any_order() -> None:
    fault = Fault(kind=FaultKind.RESET, chance=0.3, times=None)
    keys = [f"k{number}" for number in range(200)]

    def struck(order: list[str], seed: int) -> set[str]:
        script = FaultScript([fault], seed=seed)
        return {
            key for key in order if script.take(Operation.MAIL_SEND, [key], before_acceptance=True)
        }

    assert struck(keys, 7) == struck(keys[::-1], 7)
    assert struck(keys, 7) != struck(keys, 8)
    assert 30 < len(struck(keys, 7)) < 90


def test_a_script_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "faults.jsonl"
    path.write_text(
        '# two timeouts\n\n{"match": {"operation": "mail_send", "skip": 3}, "kind": "no_answer",'
        ' "before_acceptance": false, "times": 2}\n',
        encoding="utf-8",
    )
    match = Match(operation=Operation.MAIL_SEND, skip=3)
    expected = Fault(match=match, kind=FaultKind.NO_ANSWER, before_acceptance=False, times=2)
    assert read_faults(path) == [expected]


def test_every_wrong_line_of_a_script_is_named_with_what_would_be_right(tmp_path: Path) -> None:
    path = tmp_path / "faults.jsonl"
    path.write_text('{"kind": "rest"}\n{"kind": "reset", "time": 1}\nx\n', encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read_faults(path)
    assert [fault.line for fault in caught.value.faults] == [1, 2, 3]
    assert "times" in caught.value.faults[1].message


def test_faults_are_added_and_forgotten_while_the_emulator_runs() -> None:
    async def act(client: Client) -> None:
        faults = [{"kind": "server_error", "status": 503, "times": None}]
        await client.request("POST", "/_emulator/faults", json=faults)
        assert (await client.send_mail(mail("k1"))).status == 503
        await client.request("DELETE", "/_emulator/faults")
        assert (await client.send_mail(mail("k1"))).status == 202
        wrong = await client.request("POST", "/_emulator/faults", json=[{"kind": "x"}])
        assert wrong.status == 400

    play(act)


def test_a_fault_needs_a_kind() -> None:
    with pytest.raises(ValueError, match="kind"):
        fault_of({})
