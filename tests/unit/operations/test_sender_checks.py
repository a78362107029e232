"""The doctor asks the DNS what mailbox providers ask about the sender."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from edge_server import an_installation
from perennial.operations.findings import Level
from perennial.operations.sender_checks import dmarc_finding, sender_checks


@contextmanager
def name_server(records: Mapping[str, str]) -> Iterator[int]:
    """Answers questions for texts on loopback, and knows of no other name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))

        def answer() -> None:
            while (asked := door.recvfrom(4096))[0]:
                door.sendto(_answer(asked[0], records), asked[1])

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield door.getsockname()[1]
        finally:
            door.sendto(b"", door.getsockname())
            thread.join()


def _answer(asked: bytes, records: Mapping[str, str]) -> bytes:
    query = dns.message.from_wire(asked)
    name = query.question[0].name
    reply = dns.message.make_response(query)
    text = records.get(name.to_text(omit_final_dot=True))
    if text is None:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    else:
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", text))
    return reply.to_wire()


def asking(port: int) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    return resolver


@pytest.mark.parametrize(
    ("records", "level", "said"),
    [
        ({"_dmarc.news.shop.com": '"v=DMARC1; p=reject"'}, Level.OK, "with the policy reject"),
        ({"_dmarc.news.shop.com": '"v=DMARC1;" " p = none; pct=5"'}, Level.OK, "the policy none"),
        ({"_dmarc.shop.com": '"v=DMARC1; p=quarantine"'}, Level.OK, "shop.com publishes DMARC"),
        ({"_dmarc.news.shop.com": '"v=spf1 -all"'}, Level.WARN, "Neither news.shop.com nor"),
        ({"_dmarc.com": '"v=DMARC1; p=reject"'}, Level.WARN, "Neither"),
        ({}, Level.WARN, "Neither"),
    ],
)
def test_what_is_published_for_the_sender_is_told(
    records: dict[str, str], level: Level, said: str
) -> None:
    with name_server(records) as port:
        found = dmarc_finding("news.shop.com", asking(port))

    assert found.level is level
    assert said in found.says


def test_a_machine_without_name_servers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr("dns.resolver.get_default_resolver", nobody)

    assert dmarc_finding("news.shop.com").level is Level.WARN


def test_a_name_server_that_cannot_be_asked_is_told() -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = []

    found = dmarc_finding("news.shop.com", resolver)

    assert found.level is Level.WARN
    assert "cannot be asked" in found.says


@pytest.mark.parametrize(
    ("settings", "address", "level"),
    [
        ({}, "hello@shop.com", Level.OK),
        ({"email_transport": "smtp", "smtp_host": "127.0.0.1"}, "hello@shop.example", Level.OK),
    ],
)
def test_nobody_is_asked_where_no_email_leaves_or_the_domain_is_an_example(
    tmp_path: Path, settings: dict[str, object], address: str, level: Level
) -> None:
    with an_installation(tmp_path, **settings) as perennial:
        perennial.shop = replace(perennial.shop, from_address=address)
        (found,) = [f for f in sender_checks(perennial) if f.check == "sender.dmarc"]

    assert found.level is level
