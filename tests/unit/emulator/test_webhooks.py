from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendgrid.helpers.eventwebhook import EventWebhook
from twilio.request_validator import RequestValidator

from perennial.emulator.courier import Fate, copies, is_loopback
from perennial.emulator.mailing.events import MOST_BATCH_BYTES, batches
from perennial.emulator.options import (
    MESSAGING_SERVICE,
    Delivery,
    MailOutcomes,
    Options,
    TextOutcomes,
)
from perennial.emulator.serving import Emulator
from perennial.emulator.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, EventSigner
from provider_client import Client, mail, person
from webhook_sink import Sink, open_sink

SERVICE_NUMBER = "+15005550006"
QUICK = Delivery(batch_seconds=0.01, retry_seconds=0.01)


def play(act: Callable[[Client, Sink], Awaitable[Any]], **options: Any) -> Any:
    """What `act(client, sink)` returns, with an emulator whose webhooks lead to the sink."""

    async def run() -> Any:
        async with open_sink() as sink:
            chosen = {"delivery": QUICK, "event_url": f"{sink.url}/events", **options}
            chosen.setdefault("inbound_url", f"{sink.url}/inbound")
            async with (
                Emulator(Options(**chosen)) as emulator,
                aiohttp.ClientSession() as session,
            ):
                return await act(Client(emulator, session), sink)

    return asyncio.run(run())


async def _mail(client: Client, *keys: str, **changes: Any) -> None:
    assert (await client.send_mail(mail(*keys, **changes))).status == 202
    await client.emulator.settled()


def _names(sink: Sink, key: str = "k1") -> list[str]:
    return [event["event"] for event in sink.events if event["perennial_key"] == key]


def test_an_email_is_processed_and_delivered_and_both_carry_our_key_and_its_id() -> None:
    async def act(client: Client, sink: Sink) -> None:
        await _mail(client)
        assert _names(sink) == ["processed", "delivered"]
        sent = client.emulator.mail.kept[0]
        for event in sink.events:
            assert event["sg_message_id"].startswith(f"{sent.message_id}.")
            assert event["email"] == sent.to
        assert len({event["sg_event_id"] for event in sink.events}) == 2

    play(act)


def test_posts_are_signed_so_that_the_vendors_package_verifies_the_raw_body() -> None:
    async def act(client: Client, sink: Sink) -> None:
        await _mail(client, "k1", "k2")
        verifier = EventWebhook()
        key = verifier.convert_public_key_to_ecdsa(client.emulator.events.public_key)
        for post in sink.posts:
            signature, timestamp = post.headers[SIGNATURE_HEADER], post.headers[TIMESTAMP_HEADER]
            body = post.body.decode()
            assert body.endswith("\r\n")
            assert verifier.verify_signature(body, signature, timestamp, key)
            assert not verifier.verify_signature(body + " ", signature, timestamp, key)

    play(act)


def test_the_same_seed_has_the_same_key() -> None:
    assert EventSigner(7).public_key == EventSigner(7).public_key != EventSigner(8).public_key


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (MailOutcomes(dropped=1), ["dropped"]),
        (MailOutcomes(bounced=1), ["processed", "bounce"]),
        (MailOutcomes(blocked=1), ["processed", "bounce"]),
        (MailOutcomes(deferred=1), ["processed", "deferred", "delivered"]),
        (
            MailOutcomes(opened=1, clicked=1, complained=1, unsubscribed=1),
            ["processed", "delivered", "open", "click", "spamreport", "unsubscribe"],
        ),
    ],
)
def test_outcomes_are_told_in_the_order_in_which_they_happen(
    outcomes: MailOutcomes, expected: list[str]
) -> None:
    async def act(client: Client, sink: Sink) -> list[str]:
        await _mail(client)
        return _names(sink)

    assert play(act, mail_outcomes=outcomes) == expected


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        (MailOutcomes(bounced=1), "Bounced Address"),
        (MailOutcomes(complained=1), "Spam Reporting Address"),
        (MailOutcomes(unsubscribed=1), "Unsubscribed Address"),
    ],
)
def test_who_bounced_complained_or_left_is_dropped_next_time(
    outcomes: MailOutcomes, reason: str
) -> None:
    async def act(client: Client, sink: Sink) -> None:
        await _mail(client, "k1")
        again = person("k2", to=[{"email": "K1@customers.example"}])
        await _mail(client, personalizations=[again])
        dropped = [e["reason"] for e in sink.events if e["perennial_key"] == "k2"]
        assert dropped == [reason]

    play(act, mail_outcomes=outcomes)


def test_who_leaves_a_group_is_dropped_from_that_group_alone() -> None:
    async def act(client: Client, sink: Sink) -> None:
        client.emulator.suppressions.open_group("offers")
        client.emulator.suppressions.open_group("news")
        for key, group in (("k1", 1), ("k2", 1), ("k3", 2)):
            anybody = person(key, to=[{"email": "a@customers.example"}])
            await _mail(client, personalizations=[anybody], asm={"group_id": group})
        assert _names(sink, "k1")[-1] == "group_unsubscribe"
        assert (_names(sink, "k2"), _names(sink, "k3")[0]) == (["dropped"], "processed")

    play(act, mail_outcomes=MailOutcomes(unsubscribed=1))


def test_an_event_can_be_asked_for_over_http() -> None:
    async def act(client: Client, sink: Sink) -> None:
        await _mail(client)
        asked = {"key": "k1", "event": "spamreport"}
        await client.request("POST", "/_emulator/events", json=asked)
        settled = await client.request("POST", "/_emulator/settled")
        assert _names(sink)[-1] == "spamreport"
        assert settled.json["delivered"] >= 1
        listed = await client.sendgrid("GET", "/v3/suppression/spam_reports")
        assert [entry["email"] for entry in listed.json] == ["k1@customers.example"]

    play(act)


def test_a_post_that_is_refused_is_tried_again_and_given_up_in_the_end() -> None:
    async def act(client: Client, sink: Sink) -> None:
        sink.statuses = [500, 302]
        await client.send_mail(mail())
        await client.emulator.settled()
        assert client.emulator.courier.fates[Fate.GIVEN_UP] == 0
        sink.statuses = [500] * 100
        await _mail(client, "k2")
        assert client.emulator.courier.fates[Fate.GIVEN_UP] >= 1

    play(act)


def _arrivals(**shares: float) -> list[tuple[str, str]]:
    async def act(client: Client, sink: Sink) -> list[tuple[str, str]]:
        await _mail(client, *(f"k{n}" for n in range(100)))
        return [(event["perennial_key"], event["sg_event_id"]) for event in sink.events]

    delivery = Delivery(batch_seconds=0.01, late_seconds=0.1, **shares)
    arrivals: list[tuple[str, str]] = play(act, delivery=delivery)
    return arrivals


def test_lost_events_never_arrive() -> None:
    assert 60 < len(_arrivals(lost=0.5)) < 140


def test_repeated_events_arrive_twice_under_one_id() -> None:
    counts = Counter(_arrivals(repeated=1.0))
    assert len(counts) == 200
    assert set(counts.values()) == {2}


def test_events_repeated_under_a_new_id_look_like_others() -> None:
    arrivals = _arrivals(repeated_with_new_id=1.0)
    assert len(set(arrivals)) == len(arrivals) == 400


def test_late_events_are_overtaken() -> None:
    in_order = [key for key, _ in _arrivals()]
    assert [key for key, _ in _arrivals(late=0.5)] != in_order
    assert Counter(key for key, _ in _arrivals(late=0.5)) == Counter(in_order)


@given(name=st.text(), seed=st.integers(0, 5))
def test_how_an_event_travels_depends_on_seed_and_name_alone(name: str, seed: int) -> None:
    rough = Delivery(lost=0.3, repeated=0.3, repeated_with_new_id=0.3, late=0.5, longest_delay=1)
    first = copies(rough, seed, name)
    assert first == copies(rough, seed, name)
    assert len(first) <= 3
    assert all(0 <= copy.delay <= 1 + 2.5 * rough.late_seconds for copy in first)


@given(st.lists(st.integers(1, MOST_BATCH_BYTES), max_size=8))
def test_batches_hold_every_event_once_and_stay_below_768_kilobytes(sizes: list[int]) -> None:
    events = [b"x" * size for size in sizes]
    made = batches(events)
    assert [event for batch in made for event in batch] == events
    assert all(sum(map(len, batch)) <= MOST_BATCH_BYTES or len(batch) == 1 for batch in made)


@pytest.mark.parametrize(
    ("url", "stays"),
    [
        ("http://127.0.0.1:80/x", True),
        ("http://[::1]:80/x", True),
        ("http://localhost/x", True),
        ("https://shop.example/x", False),
        ("http://127.0.0.1.shop.example/", False),
        ("http://10.0.0.1/", False),
        ("", False),
    ],
)
def test_only_addresses_on_this_machine_are_posted_to(url: str, stays: bool) -> None:  # noqa: FBT001
    assert is_loopback(url) is stays


def test_nothing_leaves_the_machine() -> None:
    async def act(client: Client, _: Sink) -> None:
        await client.send_text(StatusCallback="https://shop.example/status?perennial_key=k")
        await client.emulator.settled()
        assert client.emulator.courier.fates == {Fate.NOT_LOOPBACK: 2}

    play(act)


def test_statuses_after_the_first_are_posted_with_our_key_in_the_address() -> None:
    async def act(client: Client, sink: Sink) -> None:
        sent = await client.send_text(StatusCallback=f"{sink.url}/status?perennial_key=k9")
        await client.emulator.settled()
        assert [post.form["MessageStatus"] for post in sink.posts] == ["sent", "delivered"]
        assert {post.query["perennial_key"] for post in sink.posts} == {"k9"}
        assert {post.form["MessageSid"] for post in sink.posts} == {sent.json["sid"]}
        fetched = await client.twilio("GET", f"Messages/{sent.json['sid']}.json")
        assert fetched.json["status"] == "delivered"

    play(act)


def test_a_failure_is_posted_with_its_code() -> None:
    async def act(client: Client, sink: Sink) -> None:
        await client.send_text(StatusCallback=f"{sink.url}/status?perennial_key=k9")
        await client.emulator.settled()
        last = sink.posts[-1].form
        assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30003")

    play(act, text_outcomes=TextOutcomes(failed={30003: 1.0}))


def test_callbacks_are_signed_over_the_public_address_without_its_fragment() -> None:
    public = "https://hooks.shop.example/status?perennial_key=k9"
    forward: dict[str, str] = {}

    async def act(client: Client, sink: Sink) -> None:
        forward["https://hooks.shop.example"] = sink.url
        sink.statuses = [500]
        await client.send_text(StatusCallback=f"{public}#rc=1")
        await client.emulator.settled()
        assert len(sink.posts) == 3
        validator = RequestValidator(client.emulator.options.auth_token)
        for post in sink.posts:
            signature = post.headers["X-Twilio-Signature"]
            assert validator.validate(public, dict(post.form), signature)
            assert not validator.validate(public, {**post.form, "To": "+1"}, signature)

    play(act, forward=forward)


@pytest.mark.parametrize("word", ["STOP", " stop ", "Unsubscribe", "OPTOUT"])
def test_who_says_stop_gets_21610_until_they_say_start(word: str) -> None:
    async def act(client: Client, sink: Sink) -> None:
        client.emulator.receive("+14155550123", SERVICE_NUMBER, word)
        by_service = {"From": None, "MessagingServiceSid": MESSAGING_SERVICE}
        refused = await client.send_text(**by_service)
        assert (refused.status, refused.json["code"]) == (400, 21610)
        assert (await client.send_text(To="+14155550124")).status == 201
        client.emulator.receive("+14155550123", SERVICE_NUMBER, "Start")
        assert (await client.send_text(**by_service)).status == 201
        await client.emulator.settled()
        inbound = [post.form for post in sink.posts if post.path == "/inbound"]
        assert [form["OptOutType"] for form in inbound] == ["STOP", "START"]
        assert inbound[0]["Body"] == word

    play(act)


@pytest.mark.parametrize("word", ["Stop.", "СТОП", "please stop texting"])
def test_what_twilio_does_not_understand_stops_nothing_there(word: str) -> None:
    async def act(client: Client, sink: Sink) -> None:
        asked = {"from": "+14155550123", "to": SERVICE_NUMBER, "body": word}
        assert (await client.request("POST", "/_emulator/inbound", json=asked)).status == 200
        await client.emulator.settled()
        inbound = sink.posts[0].form
        assert inbound["Body"] == word
        assert "OptOutType" not in inbound
        assert (await client.send_text()).status == 201

    play(act)
