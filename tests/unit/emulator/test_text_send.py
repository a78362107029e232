from __future__ import annotations

from typing import Any

import pytest

from perennial.emulator.options import MESSAGING_SERVICE
from provider_client import Client, Reply, play

TEMPLATE = "HX" + "0123456789abcdef" * 2
WHATSAPP = {"From": "whatsapp:+15005550006", "To": "whatsapp:+14155550123"}


def test_an_accepted_message_is_answered_201_with_its_resource_and_recorded() -> None:
    async def act(client: Client) -> None:
        reply = await client.send_text("k1")
        assert (reply.status, reply.json["status"], reply.json["num_segments"]) == (
            201,
            "queued",
            "1",
        )
        assert reply.json["sid"].startswith("SM")
        assert client.emulator.accepted() == {"k1": 1}

    play(act)


def test_a_messaging_service_accepts_before_it_has_chosen_a_sender() -> None:
    async def act(client: Client) -> Reply:
        return await client.send_text(From=None, MessagingServiceSid=MESSAGING_SERVICE)

    resource = play(act).json
    assert (resource["status"], resource["from"], resource["num_segments"]) == (
        "accepted",
        None,
        "0",
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21604),
        ({"To": "12"}, 21211),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550002"}, 21612),
        ({"To": "+15005550003"}, 21408),
        ({"To": "+15005550004"}, 21610),
        ({"To": "+15005550009"}, 21614),
        ({"From": None}, 21603),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550007"}, 21606),
        ({"From": "+15005550008"}, 21611),
        ({"From": "+14155559999"}, 21606),
        ({"MessagingServiceSid": "MG" + "f" * 32}, 21701),
        ({"Body": None}, 21602),
        ({"Body": "x" * 1_601}, 21617),
        ({"StatusCallback": "nowhere"}, 21609),
        ({"From": "whatsapp:+15005550006"}, 21910),
        ({"To": "whatsapp:+14155550123"}, 21910),
        ({"From": "whatsapp:+14155559999", "To": "whatsapp:+14155550123"}, 63007),
        ({"ContentVariables": "{}"}, 21654),
        ({"ContentSid": "HX12"}, 21655),
        ({"ContentSid": TEMPLATE, "ContentVariables": "1"}, 21656),
        ({"ContentSid": TEMPLATE, "ContentVariables": '{"1": ""}'}, 21656),
        ({"ContentSid": TEMPLATE, "ContentVariables": '{"1": null}'}, 21656),
        ({"ContentSid": TEMPLATE, "ContentVariables": "{"}, 21656),
        ({"ValidityPeriod": "0"}, 90007),
        ({"ValidityPeriod": "36001"}, 90007),
    ],
)
def test_what_twilio_refuses_is_answered_with_its_code(changes: dict[str, Any], code: int) -> None:
    async def act(client: Client) -> Reply:
        reply = await client.send_text(**changes)
        assert not client.emulator.accepted()
        return reply

    reply = play(act, numbers=frozenset({"+15005550006"}))
    assert (reply.status, reply.json["code"], reply.json["status"]) == (400, code, 400)
    assert set(reply.json) == {"code", "message", "more_info", "status"}


@pytest.mark.parametrize(
    ("content", "end"),
    [
        ({"ContentSid": TEMPLATE, "ContentVariables": '{"1": "Ann"}', "Body": None}, None),
        ({"Body": "Hello"}, 63016),
    ],
    ids=["a template", "words of one's own"],
)
def test_on_whatsapp_only_templates_arrive(content: dict[str, Any], end: int | None) -> None:
    clock = [1_800_000_000.0]

    async def act(client: Client) -> Any:
        sent = await client.send_text(**(WHATSAPP | content))
        assert sent.status == 201
        clock[0] += 60
        return (await client.twilio("GET", f"Messages/{sent.json['sid']}.json")).json

    fetched = play(act, clock=lambda: clock[0])
    assert (fetched["status"], fetched["error_code"]) == ("failed" if end else "delivered", end)
    assert fetched["to"] == WHATSAPP["To"]


def test_what_twilio_is_told_not_to_keep_it_does_not_show() -> None:
    async def act(client: Client) -> Reply:
        await client.send_text(
            To="+14155550123", ContentRetention="discard", AddressRetention="obfuscate"
        )
        assert not (await client.twilio("GET", "Messages.json?To=%2B14155550123")).json["messages"]
        return await client.twilio("GET", "Messages.json")

    shown = play(act).json["messages"][0]
    assert (shown["to"], shown["body"]) == ("+1415555XXXX", "")


def test_wrong_credentials_are_answered_401_with_20003() -> None:
    async def act(client: Client) -> Reply:
        return await client.twilio("POST", "Messages.json", {}, token="other")

    reply = play(act)
    assert (reply.status, reply.json["code"]) == (401, 20003)
