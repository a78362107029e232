"""The web app as anybody in the world can reach it."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest

from edge_server import PUBLIC, an_installation, edge_thread
from ledger_builder import a_message, beginning, claiming
from perennial.emulator.options import AUTH_TOKEN
from perennial.emulator.signing import EventSigner, twilio_signature
from perennial.errors import LedgerError, SettingsError
from perennial.ledger.store import Ledger
from perennial.model.words import MessageState
from perennial.steps.services import Perennial

MESSAGE = a_message()
KEY = MESSAGE.key
STRANGER = a_message("2").key


@pytest.fixture
def dispatching(perennial: Perennial) -> Ledger:
    """A ledger in which MESSAGE may be on the wire."""
    ledger = perennial.ledger
    claiming(ledger, [MESSAGE])
    assert beginning(ledger, [MESSAGE]) == {KEY}
    return ledger


def state(ledger: Ledger) -> MessageState:
    return ledger.states([KEY])[KEY]


def ask(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Any:
    """The status and the text of an answer."""
    request = Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 - loopback
    try:
        with urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def events(*changes: Mapping[str, Any]) -> bytes:
    now = int(time.time())
    told = [
        {"event": "delivered", "timestamp": now, "perennial_key": KEY, "email": "a@b.example", **c}
        for c in changes or ({},)
    ]
    return json.dumps(told).encode() + b"\r\n"


def post_events(edge: str, body: bytes, *, seed: int = 7, age: timedelta = timedelta()) -> int:
    at = datetime.now(UTC) - age
    headers = EventSigner(seed).headers(body, at=at.timestamp())
    return int(ask(f"{edge}/hooks/sendgrid", body, headers)[0])


def post_status(
    edge: str, status: str = "delivered", *, key: str = KEY, token: str = AUTH_TOKEN
) -> int:
    path = f"/hooks/twilio/status?{urlencode({'perennial_key': key})}"
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": status, "To": "+14155550123"}
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": twilio_signature(PUBLIC + path, form, token),
    }
    return int(ask(edge + path, urlencode(form).encode(), headers)[0])


def metrics(edge: str) -> Mapping[str, int]:
    """Each figure that is not nought."""
    lines = ask(f"{edge}/metrics")[1].splitlines()
    found = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name.removeprefix("perennial_edge_"): int(count) for name, count in found if int(count)}


def test_an_event_settles_the_doubt(dispatching: Ledger, edge: str) -> None:
    assert post_events(edge, events()) == 204
    assert state(dispatching) is MessageState.ACCEPTED


def test_a_callback_settles_the_doubt(dispatching: Ledger, edge: str) -> None:
    assert post_status(edge) == 204
    assert state(dispatching) is MessageState.ACCEPTED


def test_what_is_forged_is_refused_and_nothing_is_stored(dispatching: Ledger, edge: str) -> None:
    """Case 24."""
    body = events({"perennial_key": KEY}, {"perennial_key": STRANGER})
    assert post_events(edge, body, seed=8) == 403
    assert post_events(edge, body, age=timedelta(days=3)) == 403
    assert ask(f"{edge}/hooks/sendgrid", body)[0] == 403
    assert post_status(edge, token="somebody-elses") == 403
    assert ask(f"{edge}/hooks/twilio/status?perennial_key={KEY}", b"MessageStatus=sent")[0] == 403
    assert state(dispatching) is MessageState.DISPATCHING
    assert dispatching.parked() == 0
    assert metrics(edge) == {
        'posts_total{provider="sendgrid",outcome="forged"}': 2,
        'posts_total{provider="sendgrid",outcome="stale"}': 1,
        'posts_total{provider="twilio",outcome="forged"}': 2,
    }


def test_replays_change_nothing(dispatching: Ledger, edge: str) -> None:
    """Cases 20 and 24."""
    body = events()
    assert [post_events(edge, body) for _ in range(3)] == [204] * 3
    assert [post_status(edge) for _ in range(3)] == [204] * 3
    assert metrics(edge)['recorded_events_total{result="new"}'] == 1
    assert metrics(edge)['recorded_events_total{result="repeated"}'] == 5
    assert state(dispatching) is MessageState.ACCEPTED


def test_an_unknown_message_is_parked_and_answered_kindly(perennial: Perennial, edge: str) -> None:
    """Case 25."""
    assert post_events(edge, events({"perennial_key": STRANGER})) == 204
    assert post_status(edge, key=STRANGER) == 204
    assert perennial.ledger.parked() == 1
    assert metrics(edge)['recorded_events_total{result="parked"}'] == 2


def test_what_says_nothing_is_counted(edge: str) -> None:
    body = events({"perennial_key": "x"}, {"event": "new"}, {"event": "account_status_change"})
    assert post_events(edge, body) == 204
    assert metrics(edge) == {
        'ignored_events_total{provider="sendgrid",why="malformed"}': 1,
        'ignored_events_total{provider="sendgrid",why="unknown_word"}': 2,
        'posts_total{provider="sendgrid",outcome="applied"}': 1,
    }


def test_a_genuine_post_that_cannot_be_read_is_not_taken(edge: str) -> None:
    assert post_events(edge, b'{"event": "delivered"}') == 400


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/hooks/sendgrid", 4 * 1024 * 1024), ("/hooks/twilio/status", 64 * 1024)],
)
def test_a_post_that_is_too_large_is_not_read(edge: str, path: str, limit: int) -> None:
    """Case 22: bounded memory."""
    address = urlsplit(edge)
    head = f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
    announced = f"{head}Content-Length: {limit + 1}\r\n\r\n".encode()
    piece = b"%x\r\n%s\r\n" % (limit // 4, b"x" * (limit // 4))
    unannounced = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + piece * 5 + b"0\r\n\r\n"
    for request in (announced, unannounced):
        with socket.create_connection((address.hostname, address.port), timeout=20) as wire:
            wire.sendall(request)
            assert wire.recv(64).startswith(b"HTTP/1.1 413 ")
    assert ask(edge + path, b"x" * limit)[0] == 403


def test_many_events_fit_into_one_post(perennial: Perennial, edge: str) -> None:
    """Case 22."""
    body = events(*({"perennial_key": f"{n:032x}", "useragent": "x" * 100} for n in range(3_000)))
    assert len(body) > 700_000
    assert post_events(edge, body) == 204
    assert perennial.ledger.parked() == 3_000


def test_without_its_key_a_hook_refuses_everything_and_ready_says_so(tmp_path: Path) -> None:
    with (
        an_installation(tmp_path, sendgrid_webhook_key="", twilio_auth_token="") as perennial,
        edge_thread(perennial) as edge,
    ):
        assert post_events(edge, events()) == 403
        assert [post_status(edge, token=token) for token in (AUTH_TOKEN, "")] == [403, 403]
        status, said = ask(f"{edge}/ready")
        assert (status, json.loads(said)) == (
            200,
            {"ledger": "writable", "sendgrid": "not configured", "twilio": "not configured"},
        )


def test_keys_may_be_changed_without_losing_an_event(tmp_path: Path) -> None:
    keys = f"{EventSigner(8).public_key}, {EventSigner(7).public_key}"
    changes = {"twilio_auth_token": "new", "twilio_old_auth_token": AUTH_TOKEN}
    with (
        an_installation(tmp_path, sendgrid_webhook_key=keys, **changes) as perennial,
        edge_thread(perennial) as edge,
    ):
        assert [post_events(edge, events(), seed=seed) for seed in (7, 8, 9)] == [204, 204, 403]
        tokens = [AUTH_TOKEN, "new", "newer"]
        assert [post_status(edge, token=token) for token in tokens] == [204, 204, 403]


def test_an_edge_with_a_wrong_key_does_not_start(tmp_path: Path) -> None:
    with (
        an_installation(tmp_path, sendgrid_webhook_key="MFkw") as perennial,
        pytest.raises(SettingsError, match="sendgrid_webhook_key"),
        edge_thread(perennial),
    ):
        pass


class _ClosedLedger:
    """A ledger that cannot be written just now."""

    def __getattr__(self, name: str) -> Any:
        raise LedgerError

    def close(self) -> None:
        pass


def test_a_ledger_that_cannot_be_written_makes_the_provider_try_again(
    perennial: Perennial, edge: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Cases 13 and 22: the answer is 503 until the ledger is back, and then the same post is good."""
    body, ledger = events(), perennial.ledger
    assert ask(f"{edge}/ready")[0] == 200
    perennial.__dict__["ledger"] = _ClosedLedger()
    assert (post_events(edge, body), post_status(edge, key=STRANGER)) == (503, 503)
    assert ask(f"{edge}/health") == (200, "alive\n")
    perennial.__dict__["ledger"] = ledger
    assert (post_events(edge, body), post_status(edge, key=STRANGER)) == (204, 204)
    assert perennial.ledger.parked() == 2
    assert [r.levelno for r in caplog.records if r.levelno >= logging.WARNING] == [
        logging.ERROR
    ] * 2
    assert KEY not in caplog.text


def test_an_edge_without_a_ledger_is_alive_and_not_ready(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    url = f"sqlite:///{tmp_path}/file/ledger.db"
    with an_installation(tmp_path, ledger_url=url) as perennial, edge_thread(perennial) as edge:
        assert ask(f"{edge}/health") == (200, "alive\n")
        status, said = ask(f"{edge}/ready")
        assert (status, json.loads(said)["ledger"]) == (503, "not writable")


def test_figures_are_shown_to_this_machine_and_not_by_way_of_a_proxy(
    edge: str, tmp_path: Path
) -> None:
    assert ask(f"{edge}/metrics")[0] == 200
    proxied = {"X-Forwarded-For": "127.0.0.1"}
    assert ask(f"{edge}/metrics", headers=proxied)[0] == 404
    with (
        an_installation(tmp_path / "open", edge_metrics=True) as perennial,
        edge_thread(perennial) as shown,
    ):
        assert ask(f"{shown}/metrics", headers=proxied)[0] == 200


def test_figures_and_logs_hold_nothing_about_anybody(
    edge: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Case 47."""
    caplog.set_level(logging.DEBUG)
    canary = "canary@customers.example"
    told = {"reason": canary, "response": canary, "url": canary, "event": canary}
    post_events(edge, events({"email": canary}, told, {"event": "bounce", "reason": canary}))
    post_status(edge, status="+14155550123")
    ask(f"{edge}/hooks/twilio/status?perennial_key={canary}", canary.encode())
    shown = ask(f"{edge}/metrics")[1] + caplog.text + "".join(capfd.readouterr())
    for secret in (canary, "4155550123", KEY, AUTH_TOKEN):
        assert secret not in shown


def test_what_happens_is_counted_by_provider_and_word(dispatching: Ledger, edge: str) -> None:  # noqa: ARG001
    post_events(edge, events({}, {"event": "open"}))
    post_status(edge, "sent")
    assert metrics(edge) == {
        'posts_total{provider="sendgrid",outcome="applied"}': 1,
        'posts_total{provider="twilio",outcome="applied"}': 1,
        'events_total{provider="sendgrid",word="delivered"}': 1,
        'events_total{provider="sendgrid",word="opened"}': 1,
        'events_total{provider="twilio",word="sent"}': 1,
        'recorded_events_total{result="new"}': 3,
    }


@pytest.mark.parametrize("path", ["/hooks/sendgrid", "/hooks/twilio/status"])
def test_a_hook_is_for_posts(edge: str, path: str) -> None:
    assert ask(edge + path)[0] == 405


def test_who_breaks_off_or_dawdles_holds_nobody_up(edge: str) -> None:
    address = urlsplit(edge)
    wires = [
        socket.create_connection((address.hostname, address.port), timeout=20) for _ in range(4)
    ]
    for wire in wires:
        wire.sendall(b"POST /hooks/sendgrid HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12")
    wires[0].close()
    assert post_events(edge, events({"perennial_key": STRANGER})) == 204
    for wire in wires:
        wire.close()
