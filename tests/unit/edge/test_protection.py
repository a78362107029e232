"""Every answer of the web app is guarded, and what goes wrong is said so that people understand it."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edge_server import an_installation, edge_thread
from ledger_builder import a_message, claiming
from page_visits import page_of, visit
from perennial.steps.services import Perennial

MESSAGE = a_message()
GUARDED = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


@pytest.fixture
def pages(perennial: Perennial, edge: str) -> list[str]:
    claiming(perennial.ledger, [MESSAGE])
    found = [
        page_of(perennial, MESSAGE, purpose) for purpose in ("unsubscribe", "preferences", "survey")
    ]
    return [edge + path for path in found]


def test_every_answer_is_guarded(edge: str, pages: list[str]) -> None:
    for url in (*pages, f"{edge}/nowhere", f"{edge}/health", f"{edge}/robots.txt", f"{edge}/u/x"):
        for method in ("GET", "HEAD", "POST", "DELETE"):
            headers = visit(url, method=method).headers
            assert {name: headers[name] for name in GUARDED} == GUARDED
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "base-uri 'none'" in policy
            assert "unsafe" not in policy


def test_a_page_loads_nothing_and_runs_nothing(pages: list[str]) -> None:
    for url in pages:
        html = visit(url).html
        assert (
            re.findall(r"<(script|link|img|iframe|object|embed|base|meta http-equiv)", html) == []
        )
        assert re.findall(r"\s(?:on\w+|style|src)=", html) == []


def test_a_page_holds_no_address_and_its_links_nothing_but_tokens(pages: list[str]) -> None:
    """Case 47."""
    for url in pages:
        answer = visit(url)
        for personal in (
            MESSAGE.address,
            MESSAGE.customer_id + "@",
            MESSAGE.key,
            MESSAGE.person_id,
        ):
            assert personal not in answer.html


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nowhere", 404, "There is no page here"),
        ("GET", "/", 404, "There is no page here"),
        ("DELETE", "/u/x", 405, "This cannot be done here"),
        ("PUT", "/s/x", 405, "This cannot be done here"),
        ("GET", "/p/x", 404, "This link does not work"),
    ],
)
def test_trouble_is_said_in_words(
    edge: str, method: str, path: str, status: int, words: str
) -> None:
    answer = visit(edge + path, method=method)

    assert answer.status == status
    assert words in answer.text


def test_trouble_is_said_in_the_readers_language(edge: str) -> None:
    assert "Здесь нет страницы" in visit(f"{edge}/x", headers={"Accept-Language": "ru"}).text


def test_programs_are_told_in_a_word(edge: str) -> None:
    answer = visit(f"{edge}/hooks/sendgrid")

    assert (answer.status, answer.html) == (405, "405\n")
    assert answer.headers["Allow"] == "POST"


def test_a_body_without_end_is_not_read(pages: list[str]) -> None:
    address = urlsplit(pages[0])
    for head, body in (
        ("Content-Length: 9000000", b""),
        ("Transfer-Encoding: chunked", b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
    ):
        with socket.create_connection((address.hostname, address.port), timeout=20) as wire:
            wire.sendall(
                f"POST {address.path} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode() + body * 3
            )
            assert wire.recv(64).startswith(b"HTTP/1.1 413 ")


def test_behind_a_proxy_each_caller_has_a_limit_of_their_own(tmp_path: Path) -> None:
    with (
        an_installation(tmp_path, edge_proxy_header="X-Forwarded-For") as perennial,
        edge_thread(perennial) as edge,
    ):
        noisy = [
            visit(f"{edge}/u/x", headers={"X-Forwarded-For": f"10.9.9.{n}, 203.0.113.7"}).status
            for n in range(40)
        ]
        assert noisy[-1] == 429
        quiet = visit(f"{edge}/u/x", headers={"X-Forwarded-For": "203.0.113.7, 203.0.113.8"})
        assert quiet.status == 404


def test_without_a_proxy_nobody_can_pretend_to_be_somebody_else(edge: str) -> None:
    statuses = [
        visit(f"{edge}/u/x", headers={"X-Forwarded-For": f"203.0.113.{n}"}).status
        for n in range(40)
    ]

    assert statuses[-1] == 429
