from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perennial.emulator.record import accepted_in
from provider_client import Client, Reply, fields, mail, person, play


def test_an_accepted_request_is_answered_202_without_a_body_and_recorded_once_a_person() -> None:
    async def act(client: Client) -> None:
        reply = await client.send_mail(mail("k1", "k2"))
        assert (reply.status, reply.body) == (202, b"")
        assert reply.headers["X-Message-Id"]
        assert client.emulator.accepted() == {"k1": 1, "k2": 1}

    play(act)


def test_a_message_accepted_twice_counts_twice() -> None:
    async def act(client: Client) -> None:
        first, second = await client.send_mail(mail("k1")), await client.send_mail(mail("k1"))
        assert first.headers["X-Message-Id"] != second.headers["X-Message-Id"]
        assert client.emulator.accepted() == {"k1": 2}

    play(act)


def test_each_person_gets_the_words_that_were_substituted_for_them() -> None:
    people = [
        person("ann", substitutions={"-name-": "Ann"}),
        person("bo", substitutions={"-name-": "Bo <b>"}, subject="Hi -name-"),
    ]

    async def act(client: Client) -> None:
        await client.send_mail(mail(personalizations=people, subject="Hello -name-"))
        ann, bo = client.emulator.mail.kept
        assert (ann.subject, ann.text, ann.html) == ("Hello Ann", "Hello Ann", "<p>Hello Ann</p>")
        assert (bo.subject, bo.text, bo.html) == (
            "Hi Bo <b>",
            "Hello Bo <b>",
            "<p>Hello Bo <b></p>",
        )

    play(act)


def test_a_request_without_the_key_is_answered_401_and_records_nothing() -> None:
    async def act(client: Client) -> None:
        reply = await client.send_mail(mail(), key="SG.other")
        assert reply.status == 401
        assert reply.json["errors"][0]["message"]
        assert not client.emulator.accepted()

    play(act)


def test_a_sender_that_is_not_verified_is_answered_403() -> None:
    async def act(client: Client) -> list[int]:
        other = {"email": "hello@elsewhere.example"}
        return [(await client.send_mail(mail(**c))).status for c in ({}, {"from": other})]

    assert play(act, senders=frozenset({"shop.example"})) == [202, 403]


def test_the_sandbox_checks_a_request_and_takes_nothing_on() -> None:
    sandbox = {"mail_settings": {"sandbox_mode": {"enable": True}}}

    async def act(client: Client) -> None:
        right = await client.send_mail(mail(**sandbox))
        assert (right.status, "X-Message-Id" in right.headers) == (200, False)
        assert (await client.send_mail(mail(**sandbox, subject=None))).status == 400
        assert not client.emulator.accepted()

    play(act)


def _many(count: int) -> list[dict[str, Any]]:
    return [person(f"k{number}") for number in range(count)]


BAD_PERSON = {"to": [{"email": "nobody"}], "custom_args": {"perennial_key": "bad"}}
TWICE = {"personalizations": [person("k1"), person("k1")]}
LONG = "x" * 10_001
SECOND = "personalizations.1"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"personalizations": [person("k1"), BAD_PERSON]}, f"{SECOND}.to.0.email"),
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": _many(1_001)}, "personalizations"),
        (TWICE, "personalizations"),
        (
            {"personalizations": [person("k1", substitutions={"-a-": LONG})]},
            "personalizations.0.substitutions",
        ),
        (
            {"personalizations": [person("k1", custom_args={"a": LONG})]},
            "personalizations.0.custom_args",
        ),
        (
            {"personalizations": [person("k1", headers={"Reply-To": "x"})]},
            "personalizations.0.headers",
        ),
        (
            {"personalizations": [person("k1", headers={"X-A": "a\r\nBcc: b"})]},
            "personalizations.0.headers",
        ),
        (
            {"personalizations": [person("k1", to=[{"email": "a@b.example", "name": "A; B"}])]},
            "personalizations.0.to.0.name",
        ),
        (
            {"template_id": "d-1", "personalizations": [person("k1", substitutions={"-a-": "b"})]},
            "personalizations.0.substitutions",
        ),
        ({"headers": {"DKIM-Signature": "x"}}, "headers"),
        ({"from": {"email": "привет@shop.example"}}, "from.email"),
        ({"from": {"name": "Shop"}}, "from.email"),
        ({"subject": None}, "subject"),
        ({"subject": "a\nb"}, "subject"),
        ({"content": []}, "content"),
        (
            {
                "content": [
                    {"type": "text/html", "value": "a"},
                    {"type": "text/plain", "value": "a"},
                ]
            },
            "content",
        ),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"custom_args": {"a": 1}}, "custom_args"),
        ({"categories": ["a"] * 2}, "categories"),
        ({"categories": ["a" * 256]}, "categories"),
        ({"asm": {"group_id": "1"}}, "asm.group_id"),
        ({"asm": {"group_id": 1, "groups_to_display": list(range(26))}}, "asm.groups_to_display"),
        ({"send_at": 1_000_000_000_000}, "send_at"),
        ({"send_at": 1 + 72 * 3600 + 1}, "send_at"),
        ({"batch_id": "made-up"}, "batch_id"),
        (
            {"mail_settings": {"sandbox_mode": {"enable": "true"}}},
            "mail_settings.sandbox_mode.enable",
        ),
        ({"reply_to": {"email": "x"}}, "reply_to.email"),
    ],
)
def test_what_breaks_a_rule_is_answered_400_for_the_whole_request(
    changes: dict[str, Any], field: str
) -> None:
    async def act(client: Client) -> Reply:
        reply = await client.send_mail(mail("k0", **changes))
        assert not client.emulator.accepted()
        return reply

    reply = play(act, clock=lambda: 1.0)
    assert (reply.status, set(fields(reply))) == (400, {field})


@pytest.mark.parametrize(
    "changes",
    [
        {"personalizations": _many(1_000)},
        {"personalizations": [person("k1", substitutions={"-a-": "x" * 9_997})]},
        {"send_at": 1 + 72 * 3600},
        {"categories": [f"{n}" * 10 for n in range(10)]},
        {"personalizations": [person("k1", subject="own")], "subject": None},
    ],
)
def test_what_reaches_a_limit_without_passing_it_is_accepted(changes: dict[str, Any]) -> None:
    async def act(client: Client) -> int:
        return (await client.send_mail(mail(**changes))).status

    assert play(act, clock=lambda: 1.0) == 202


def test_a_body_of_more_than_30_megabytes_is_answered_by_a_page_in_html() -> None:
    async def act(client: Client) -> list[Reply]:
        return [
            await client.send_mail(mail(content=[{"type": "text/plain", "value": "x" * size}]))
            for size in (30_100_000, 32_000_000)
        ]

    for reply in play(act):
        assert (reply.status, reply.body[:6]) == (413, b"<html>")


def test_a_body_that_is_no_json_is_answered_400() -> None:
    async def act(client: Client) -> None:
        headers = {"Authorization": f"Bearer {client.emulator.options.sendgrid_key}"}
        for body in (b"{", b"[" * 100_000, b"null"):
            reply = await client.request("POST", "/v3/mail/send", data=body, headers=headers)
            assert reply.status == 400

    play(act)


def test_a_lean_emulator_records_every_key_and_looks_at_nothing_else(tmp_path: Path) -> None:
    async def act(client: Client) -> None:
        unfit = mail(personalizations=[person("k1"), person('k"2')], subject="")
        assert (await client.send_mail(unfit)).status == 202
        assert client.emulator.accepted() == {"k1": 1, 'k"2': 1}
        assert (await client.send_mail([])).status == 400
        assert (await client.send_mail(mail("k3"), key="SG.other")).status == 401

    play(act, lean=True, record=tmp_path / "accepted.jsonl")
    assert accepted_in(tmp_path / "accepted.jsonl") == {"k1": 1, 'k"2': 1}
