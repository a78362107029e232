from __future__ import annotations

from typing import Any

import pytest

from perennial.emulator.mailing.suppressions import Entry
from perennial.emulator.options import MailOutcomes
from perennial.emulator.rate_window import RateLimit, RateWindow
from provider_client import Client, Reply, mail, play

BOUNCES = "/v3/suppression/bounces"
GLOBAL = "/v3/asm/suppressions/global"


def _fill(client: Client, count: int) -> None:
    for number in range(count):
        entry = Entry(email=f"k{number}@customers.example", created=number, reason="r", status="5")
        client.emulator.suppressions.add("bounces", entry)


def test_a_list_is_read_by_time_and_page_by_page() -> None:
    async def act(client: Client) -> None:
        _fill(client, 10)
        query = {"start_time": "2", "end_time": "7", "limit": "3", "offset": "1"}
        reply = await client.sendgrid("GET", BOUNCES, params=query)
        assert [entry["created"] for entry in reply.json] == [6, 5, 4]

    play(act)


def test_entries_are_removed_one_by_one_several_at_once_or_all() -> None:
    async def act(client: Client) -> None:
        _fill(client, 6)
        one = f"{BOUNCES}/K0@customers.example"
        assert (await client.sendgrid("DELETE", one)).status == 204
        assert (await client.sendgrid("DELETE", one)).status == 404
        some = {"emails": ["k1@customers.example", "k2@customers.example"]}
        assert (await client.sendgrid("DELETE", BOUNCES, some)).status == 204
        assert len((await client.sendgrid("GET", BOUNCES)).json) == 3
        assert (await client.sendgrid("DELETE", BOUNCES, {"delete_all": True})).status == 204
        assert (await client.sendgrid("GET", BOUNCES)).json == []

    play(act)


def test_who_is_unsubscribed_globally_is_on_the_list_until_removed() -> None:
    async def act(client: Client) -> None:
        emails = {"recipient_emails": ["k1@customers.example"]}
        assert (await client.sendgrid("POST", GLOBAL, emails)).status == 201
        one = f"{GLOBAL}/k1@customers.example"
        assert (await client.sendgrid("GET", one)).json == {
            "recipient_email": emails["recipient_emails"][0]
        }
        assert len((await client.sendgrid("GET", "/v3/suppression/unsubscribes")).json) == 1
        assert (await client.sendgrid("DELETE", one)).status == 204
        assert (await client.sendgrid("GET", one)).json == {}

    play(act)


def test_suppressing_for_a_group_that_does_not_exist_suppresses_everything() -> None:
    async def act(client: Client) -> None:
        emails = {"recipient_emails": ["k1@customers.example"]}
        await client.sendgrid("POST", "/v3/asm/groups/9/suppressions", emails)
        assert (await client.sendgrid("GET", f"{GLOBAL}/k1@customers.example")).json
        opened = await client.sendgrid("POST", "/v3/asm/groups", {"name": "a", "description": "b"})
        group = f"/v3/asm/groups/{opened.json['id']}/suppressions"
        await client.sendgrid("POST", group, {"recipient_emails": ["k2@customers.example"]})
        assert (await client.sendgrid("GET", group)).json == ["k2@customers.example"]
        assert (await client.sendgrid("GET", f"{GLOBAL}/k2@customers.example")).json == {}
        assert (await client.sendgrid("DELETE", f"{group}/k2@customers.example")).status == 204

    play(act)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v3/suppression/made_up", 404),
        ("GET", "/v3/nowhere", 404),
        ("GET", "/v3/mail/send", 405),
        ("POST", GLOBAL, 400),
        ("GET", f"{BOUNCES}?limit=x", 400),
    ],
)
def test_what_there_is_not_is_answered_in_sendgrids_words(
    method: str, path: str, status: int
) -> None:
    async def act(client: Client) -> Reply:
        return await client.sendgrid(method, path)

    reply = play(act)
    assert (reply.status, list(reply.json)) == (status, ["errors"])


def test_lists_are_for_those_alone_who_hold_the_key() -> None:
    async def act(client: Client) -> int:
        return (await client.sendgrid("GET", BOUNCES, key="SG.other")).status

    assert play(act) == 401


async def _search(client: Client, query: str, **more: Any) -> Reply:
    return await client.sendgrid("GET", "/v3/messages", params={"query": query, **more})


def test_email_activity_finds_an_email_by_our_key() -> None:
    async def act(client: Client) -> None:
        await client.send_mail(mail("k1", "k2"))
        await client.emulator.settled()
        found = (await _search(client, "unique_args['perennial_key']=\"k2\"")).json["messages"]
        assert [row["to_email"] for row in found] == ["k2@customers.example"]
        assert found[0]["status"] == "delivered"
        prefix = found[0]["msg_id"].split(".")[0]
        both = f'msg_id LIKE "{prefix}%" AND status="delivered"'
        assert len((await _search(client, both)).json["messages"]) == 2
        assert len((await _search(client, both, limit="1")).json["messages"]) == 1
        assert (await _search(client, 'subject!="Hello"')).json["messages"] == []

    play(act, email_activity=True)


def test_email_activity_is_forbidden_until_it_is_paid_for() -> None:
    async def act(client: Client) -> int:
        return (await _search(client, 'status="processed"')).status

    assert play(act) == 403


def test_email_activity_answers_six_times_a_minute_and_refuses_what_it_does_not_understand() -> (
    None
):
    async def act(client: Client) -> list[int]:
        statuses = [(await _search(client, 'colour="red"')).status]
        return [
            *statuses,
            *[(await _search(client, 'status="processed"')).status for _ in range(6)],
        ]

    assert play(act, email_activity=True, clock=lambda: 60.0) == [400, 200, 200, 200, 200, 200, 429]


def test_an_email_that_bounced_was_not_delivered() -> None:
    async def act(client: Client) -> str:
        await client.send_mail(mail("k1"))
        await client.emulator.settled()
        found: str = (await _search(client, 'to_email="k1@customers.example"')).json["messages"][0][
            "status"
        ]
        return found

    assert play(act, email_activity=True, mail_outcomes=MailOutcomes(bounced=1)) == "not_delivered"


def test_a_window_that_is_used_up_admits_again_when_the_next_one_opens() -> None:
    window = RateWindow(RateLimit(requests=2, seconds=60))
    assert [window.admits(at) for at in (30.0, 59.9, 59.95, 60.0)] == [True, True, False, True]
    assert window.headers() == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "1",
        "X-RateLimit-Reset": "120",
    }


def test_too_many_emails_are_answered_429_and_not_accepted() -> None:
    async def act(client: Client) -> list[int]:
        statuses = [(await client.send_mail(mail(f"k{n}"))).status for n in range(3)]
        assert client.emulator.accepted().total() == 2
        return statuses

    limit = RateLimit(requests=2, seconds=60)
    assert play(act, mail_limit=limit, clock=lambda: 1.0) == [202, 202, 429]


def test_mail_may_be_sent_under_a_batch_that_was_opened() -> None:
    async def act(client: Client) -> None:
        batch = (await client.sendgrid("POST", "/v3/mail/batch")).json["batch_id"]
        assert (await client.sendgrid("GET", f"/v3/mail/batch/{batch}")).status == 200
        assert (await client.sendgrid("GET", "/v3/mail/batch/other")).status == 400
        assert (await client.send_mail(mail(batch_id=batch))).status == 202

    play(act)
