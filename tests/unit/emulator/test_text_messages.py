from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.emulator.options import MESSAGING_SERVICE
from perennial.emulator.texting.queues import LONGEST_QUEUE, SenderQueues
from perennial.emulator.texting.segments import count_segments
from perennial.messages import sms_segments
from provider_client import Client, Reply, play


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


async def _list(client: Client, query: str = "") -> Reply:
    return await client.twilio("GET", f"Messages.json{query}")


def test_messages_are_found_by_recipient_sender_and_day() -> None:
    clock = Clock()

    async def act(client: Client) -> None:
        for key, to in (("k1", "+14155550101"), ("k2", "+14155550102"), ("k3", "+14155550101")):
            await client.send_text(key, To=to, Body=key)
        assert [
            m["body"] for m in (await _list(client, "?To=%2B14155550101")).json["messages"]
        ] == ["k3", "k1"]
        assert (await _list(client, "?From=%2B19995550000")).json["messages"] == []
        day = "?DateSent=2027-01-15"
        assert (await _list(client, day)).json["messages"] == [], (
            "what has not been sent has no day"
        )
        clock.now += 60
        assert len((await _list(client, day)).json["messages"]) == 3
        assert len((await _list(client, "?DateSent%3C=2027-01-14")).json["messages"]) == 0
        assert len((await _list(client, "?DateSent%3E=2027-01-14")).json["messages"]) == 3

    play(act, clock=clock)


def test_pages_lead_from_one_to_the_next_until_everything_was_seen() -> None:
    async def act(client: Client) -> None:
        sids = [(await client.send_text(f"k{n}")).json["sid"] for n in range(5)]
        page = (await _list(client, "?PageSize=2")).json
        seen = [m["sid"] for m in page["messages"]]
        while page["next_page_uri"]:
            headers = {"Authorization": _credentials(client)}
            page = (await client.request("GET", page["next_page_uri"], headers=headers)).json
            seen += [m["sid"] for m in page["messages"]]
        assert seen == sids[::-1]

    play(act)


def _credentials(client: Client) -> str:
    options = client.emulator.options
    return aiohttp.encode_basic_auth(options.account_sid, options.auth_token)


def test_a_message_can_be_redacted_and_deleted() -> None:
    async def act(client: Client) -> None:
        path = f"Messages/{(await client.send_text()).json['sid']}.json"
        assert (await client.twilio("POST", path, {"Body": ""})).json["body"] == ""
        assert (await client.twilio("DELETE", path)).status == 204
        assert (await client.twilio("GET", path)).json["code"] == 20404

    play(act)


def test_a_message_can_be_cancelled_as_long_as_it_waits() -> None:
    clock = Clock()

    async def act(client: Client) -> None:
        path = f"Messages/{(await client.send_text()).json['sid']}.json"
        assert (await client.twilio("POST", path, {"Status": "canceled"})).json[
            "status"
        ] == "canceled"
        clock.now += 60
        assert (await client.twilio("GET", path)).json["status"] == "canceled"
        path = f"Messages/{(await client.send_text()).json['sid']}.json"
        clock.now += 60
        assert (await client.twilio("POST", path, {"Status": "canceled"})).status == 400

    play(act, clock=clock)


def test_a_sender_with_a_queue_of_more_than_ten_hours_refuses_and_a_service_fails_later() -> None:
    clock = Clock()

    async def act(client: Client) -> None:
        own: dict[str, Any] = {"Body": "x" * 1_600}
        while (reply := await client.send_text(**own)).status == 201:
            pass
        assert reply.json["code"] == 21611
        by_service = own | {"From": None, "MessagingServiceSid": MESSAGING_SERVICE}
        accepted = await client.send_text(**by_service)
        assert accepted.status == 201
        clock.now += 60
        fetched = (await client.twilio("GET", f"Messages/{accepted.json['sid']}.json")).json
        assert (fetched["status"], fetched["error_code"]) == ("failed", 30001)

    play(act, clock=clock, segments_per_second=0.001)


def test_a_message_that_would_wait_longer_than_it_is_valid_expires_in_the_queue() -> None:
    clock = Clock()

    async def act(client: Client) -> None:
        await client.send_text(Body="x" * 153 * 2)
        late = await client.send_text(ValidityPeriod="60")
        clock.now += 61
        fetched = (await client.twilio("GET", f"Messages/{late.json['sid']}.json")).json
        assert (fetched["status"], fetched["error_code"]) == ("failed", 30036)

    play(act, clock=clock, segments_per_second=0.01)


@given(st.lists(st.integers(1, 10), max_size=20), st.floats(0.1, 100))
def test_a_queue_lets_as_many_segments_out_as_its_rate_allows(
    sizes: list[int], rate: float
) -> None:
    queues = SenderQueues(rate)
    leaves = [queues.take("a", size, 0.0) for size in sizes]
    assert leaves == sorted(leaves)
    assert queues.wait("a", 0.0) == pytest.approx(sum(sizes) / rate)
    assert queues.wait("b", 0.0) == 0.0
    assert queues.wait("a", LONGEST_QUEUE) == 0.0


def test_too_many_requests_at_once_are_answered_20429_and_never_processed() -> None:
    async def act(client: Client) -> None:
        replies = await asyncio.gather(*(client.send_text(f"k{n}") for n in range(20)))
        statuses = [reply.status for reply in replies]
        assert set(statuses) == {201, 429}
        assert client.emulator.accepted().total() == statuses.count(201)

    play(act, text_concurrency=5, latency=0.1)


@given(st.text(alphabet="aZ é€[ç`Δ🙂\n", min_size=1, max_size=400))
def test_segments_are_counted_as_our_own_count_counts_them(body: str) -> None:
    assert count_segments(body) == sms_segments.count_segments(body).segments


def test_a_lean_emulator_takes_texts_on_and_keeps_none() -> None:
    async def act(client: Client) -> None:
        assert (await client.send_text("k1")).status == 201
        assert client.emulator.accepted() == {"k1": 1}
        assert not client.emulator.texts.messages

    play(act, lean=True)
