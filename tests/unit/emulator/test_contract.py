"""The emulator's answers, and the requests that it takes, held to the vendors' own descriptions.

The descriptions are read where they lie; `_mended` and `_UNDESCRIBED` say where they are other than the service.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from jsonschema import Draft202012Validator
from openapi_schema_validator import OAS30Validator

from perennial.emulator.faults import Fault, FaultKind
from perennial.emulator.options import MESSAGING_SERVICE, MailOutcomes
from perennial.emulator.serving import Emulator
from perennial.settings import PROJECT
from provider_client import Client, Reply, mail, person, play, text

SPECS = PROJECT.parent / "shared" / "specs"
pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="The vendors' descriptions (../shared/specs) are not here."
)

MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
ACCOUNT = "/2010-04-01/Accounts/{Sid}.json"
MESSAGE = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"
GLOBAL = "/v3/asm/suppressions/global"
GROUP = "/v3/asm/groups/{group_id}/suppressions"
# Twilio describes no error, SendGrid no 429; these are their shapes as they come.
_UNDESCRIBED: Mapping[str, Any] = {
    "twilio": {
        "type": "object",
        "required": ["code", "message", "more_info", "status"],
        "properties": {
            "code": {"type": "integer"},
            "message": {"type": "string"},
            "more_info": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
        },
        "additionalProperties": False,
    },
    "sendgrid": {
        "type": "object",
        "required": ["errors"],
        "properties": {
            "errors": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "object", "required": ["message", "field"]},
            }
        },
    },
}


def _mended(node: Any) -> Any:
    """A document of OpenAPI 3.1 in which `nullable`, a word of 3.0, means what its author meant."""
    if isinstance(node, list):
        return [_mended(item) for item in node]
    if not isinstance(node, dict):
        return node
    mended = {name: _mended(value) for name, value in node.items()}
    if mended.pop("nullable", False) is True:
        mended["type"] = [mended["type"], "null"]
    return mended


@cache
def _document(name: str) -> Any:
    document = json.loads((SPECS / name).read_text(encoding="utf-8"))
    if document["openapi"].startswith("3.0"):
        return document
    document = _mended(document)
    error = document["components"]["schemas"].get("ErrorResponse")
    if error:
        # The service says `"help": null` wherever it has no help.
        error["properties"]["errors"]["items"]["properties"]["help"]["type"] = ["object", "null"]
    body = document["components"].get("requestBodies", {}).get("PostMailSend")
    if body:
        # Of the whole message they are an object, as they are of a personalization.
        schema = body["content"]["application/json"]["schema"]
        schema["properties"]["custom_args"]["type"] = "object"
    return document


def _follow(document: Any, node: Any) -> Any:
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def _complaints(document: Any, schema: Any, value: object) -> list[str]:
    kind = OAS30Validator if document["openapi"].startswith("3.0") else Draft202012Validator
    checked = kind({"components": document["components"], "allOf": [schema]})
    return [error.message for error in checked.iter_errors(value)]


def _assert_described(name: str, path: str, method: str, reply: Reply) -> None:
    document = _document(name)
    responses = document["paths"][path][method]["responses"]
    if str(reply.status) not in responses:
        vendor = "twilio" if name.startswith("twilio") else "sendgrid"
        assert reply.status >= 400, f"{reply.status} is not described"
        Draft202012Validator(_UNDESCRIBED[vendor]).validate(reply.json)
        return
    content = _follow(document, responses[str(reply.status)]).get("content")
    if content is None:
        assert reply.body == b""
        return
    assert reply.headers["Content-Type"].startswith("application/json")
    assert _complaints(document, content["application/json"]["schema"], reply.json) == []


def _request_complaints(name: str, path: str, value: object) -> list[str]:
    document = _document(name)
    body = _follow(document, document["paths"][path]["post"]["requestBody"])
    (content,) = body["content"].values()
    return _complaints(document, content["schema"], value)


MAIL = "tsg_mail_v3.json"
LISTS = "tsg_suppressions_v3.json"
ACTIVITY = "tsg_email_activity_v3.json"
TEXTS = "twilio_api_v2010.json"


def _full_mail() -> dict[str, Any]:
    rich = person(
        "k2",
        to=[{"email": "a@customers.example", "name": "A"}],
        substitutions={"-name-": "A"},
        headers={"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        subject="Own",
        send_at=1,
    )
    return mail(
        personalizations=[person("k1"), rich],
        custom_args={"run": "1"},
        categories=["birthday"],
        asm={"group_id": 1},
        reply_to={"email": "hello@shop.example"},
        mail_settings={"sandbox_mode": {"enable": False}},
        tracking_settings={"click_tracking": {"enable": False, "enable_text": False}},
    )


def test_the_mails_of_our_tests_are_what_sendgrid_describes() -> None:
    for sent in (mail(), _full_mail()):
        assert _request_complaints(MAIL, "/v3/mail/send", sent) == []
    assert _request_complaints(MAIL, "/v3/mail/send", mail(subject=1)) != []


def test_the_text_messages_of_our_tests_are_what_twilio_describes() -> None:
    service = text(From=None, MessagingServiceSid=MESSAGING_SERVICE)
    for sent in (text(), service):
        assert _request_complaints(TEXTS, MESSAGES, sent) == []
    assert _request_complaints(TEXTS, MESSAGES, {"Body": "x"}) != []


async def _mail_replies(client: Client) -> list[Reply]:
    return [
        await client.send_mail(_full_mail()),
        await client.send_mail(mail(subject=None)),
        await client.send_mail(mail(), key="SG.other"),
        await client.send_mail(mail(**{"from": {"email": "a@elsewhere.example"}})),
        await client.sendgrid("PUT", "/v3/mail/send"),
    ]


def test_answers_to_mail_send_are_as_described() -> None:
    async def act(client: Client) -> list[Reply]:
        replies = await _mail_replies(client)
        faults = [
            (FaultKind.SERVER_ERROR, 500),
            (FaultKind.SERVER_ERROR, 503),
            (FaultKind.RATE_LIMITED, None),
        ]
        for kind, status in faults:
            client.emulator.fail(Fault(kind=kind, status=status))
            replies.append(await client.send_mail(mail()))
        return replies

    replies = play(act, senders=frozenset({"shop.example"}))
    assert [r.status for r in replies] == [202, 400, 401, 403, 405, 500, 503, 429]
    for reply in replies:
        _assert_described(MAIL, "/v3/mail/send", "post", reply)


def test_the_answer_to_a_mail_that_is_too_large_is_a_page_although_json_is_described() -> None:
    assert "413" in _document(MAIL)["paths"]["/v3/mail/send"]["post"]["responses"]

    async def act(client: Client) -> Reply:
        client.emulator.fail(Fault(kind=FaultKind.REFUSED, code=413))
        return await client.send_mail(mail())

    assert play(act).headers["Content-Type"].startswith("text/html")


def test_answers_about_batches_are_as_described() -> None:
    async def act(client: Client) -> tuple[Reply, Reply, Reply]:
        opened = await client.sendgrid("POST", "/v3/mail/batch")
        found = await client.sendgrid("GET", f"/v3/mail/batch/{opened.json['batch_id']}")
        return opened, found, await client.sendgrid("GET", "/v3/mail/batch/other")

    opened, found, missing = play(act)
    _assert_described(MAIL, "/v3/mail/batch", "post", opened)
    for reply in (found, missing):
        _assert_described(MAIL, "/v3/mail/batch/{batch_id}", "get", reply)


def _list_requests() -> Iterator[tuple[str, str, str, object]]:
    emails = {"recipient_emails": ["k1@customers.example"]}
    group = GROUP.replace("{group_id}", "1")
    one = "k1@customers.example"
    yield "/v3/asm/groups", "POST", "/v3/asm/groups", {"name": "a", "description": "b"}
    yield "/v3/asm/groups", "GET", "/v3/asm/groups", None
    yield GROUP, "POST", group, emails
    yield GROUP, "GET", group, None
    yield "/v3/asm/suppressions", "GET", "/v3/asm/suppressions", None
    yield f"{GROUP}/{{email}}", "DELETE", f"{group}/{one}", None
    yield GLOBAL, "POST", GLOBAL, emails
    yield f"{GLOBAL}/{{email}}", "GET", f"{GLOBAL}/{one}", None
    yield "/v3/suppression/unsubscribes", "GET", "/v3/suppression/unsubscribes", None
    yield f"{GLOBAL}/{{email}}", "DELETE", f"{GLOBAL}/{one}", None
    for name in ("bounces", "blocks", "spam_reports", "invalid_emails"):
        path = f"/v3/suppression/{name}"
        yield path, "GET", path, None
        yield f"{path}/{{email}}", "GET", f"{path}/{one}", None
        yield path, "DELETE", path, {"delete_all": True}


def test_answers_about_suppressions_are_as_described() -> None:
    async def act(client: Client) -> list[tuple[str, str, Reply]]:
        await client.send_mail(mail("k1"))
        await client.emulator.settled()
        return [
            (path, method.lower(), await client.sendgrid(method, target, data))
            for path, method, target, data in _list_requests()
        ]

    for path, method, reply in play(act, mail_outcomes=MailOutcomes(bounced=0.5, complained=0.5)):
        assert reply.status < 300
        _assert_described(LISTS, path, method, reply)


def test_answers_of_email_activity_are_as_described() -> None:
    async def act(client: Client) -> list[Reply]:
        await client.send_mail(mail("k1"))
        await client.emulator.settled()
        queries = ['status="delivered"', "colour", *['status="processed"'] * 5]
        return [
            await client.sendgrid("GET", "/v3/messages", params={"query": query})
            for query in queries
        ]

    replies = play(act, email_activity=True, clock=lambda: 60.0)
    assert [reply.status for reply in replies] == [200, 400, 200, 200, 200, 200, 429]
    assert replies[0].json["messages"]
    for reply in replies:
        _assert_described(ACTIVITY, "/v3/messages", "get", reply)


def test_answers_about_text_messages_are_as_described() -> None:
    async def act(client: Client) -> list[tuple[str, str, Reply]]:
        made = await client.send_text()
        service = await client.send_text(From=None, MessagingServiceSid=MESSAGING_SERVICE)
        one = f"Messages/{made.json['sid']}.json"
        listed = await client.twilio("GET", "Messages.json?PageSize=1&Page=1")
        client.emulator.fail(Fault(kind=FaultKind.RATE_LIMITED), Fault(kind=FaultKind.SERVER_ERROR))
        return [
            (MESSAGES, "post", made),
            (MESSAGES, "post", service),
            (MESSAGES, "get", listed),
            (MESSAGES, "post", await client.send_text()),
            (MESSAGES, "post", await client.send_text()),
            (MESSAGES, "post", await client.send_text(Body=None)),
            (MESSAGES, "post", await client.twilio("POST", "Messages.json", {}, token="other")),
            (MESSAGE, "get", await client.twilio("GET", one)),
            (MESSAGE, "post", await client.twilio("POST", one, {"Body": ""})),
            (MESSAGE, "delete", await client.twilio("DELETE", one)),
            (MESSAGE, "get", await client.twilio("GET", one)),
        ]

    answers = play(act)
    statuses = [reply.status for _, _, reply in answers]
    assert statuses == [201, 201, 200, 429, 500, 400, 401, 200, 200, 204, 404]
    for path, method, reply in answers:
        _assert_described(TEXTS, path, method, reply)


def test_answers_about_the_accounts_are_as_described() -> None:
    async def act(client: Client) -> tuple[list[Reply], list[Reply]]:
        keys = [await client.sendgrid("GET", "/v3/scopes", key=key) for key in (None, "SG.other")]
        account = f"/2010-04-01/Accounts/{client.emulator.options.account_sid}.json"
        tokens = (client.emulator.options.auth_token, "other")
        sid = client.emulator.options.account_sid
        accounts = [
            await client.request(
                "GET", account, headers={"Authorization": aiohttp.encode_basic_auth(sid, token)}
            )
            for token in tokens
        ]
        return keys, accounts

    keys, accounts = play(act)
    assert [reply.status for reply in [*keys, *accounts]] == [200, 401, 200, 401]
    # The vendor's description of scopes is not among ours; its answer is one list of words.
    assert keys[0].json["scopes"][0] == "mail.send"
    Draft202012Validator(_UNDESCRIBED["sendgrid"]).validate(keys[1].json)
    for reply in accounts:
        _assert_described(TEXTS, ACCOUNT, "get", reply)


def test_every_path_that_the_emulator_knows_is_one_that_a_vendor_describes() -> None:
    described = {
        _shape(path) for name in (MAIL, LISTS, ACTIVITY, TEXTS) for path in _document(name)["paths"]
    }
    described.add("/v3/scopes")  # in tsg_scopes_v3.json, which is not here
    lists = ("bounces", "blocks", "spam_reports", "invalid_emails", "unsubscribes")
    for route in Emulator().provider_routes():
        shapes = {_shape(route.path.replace("{list}", name)) for name in lists}
        assert shapes & described, route.path


def _shape(path: str) -> str:
    parts = urlsplit(path).path.split("/")
    return "/".join(
        "{}" + part.partition("}")[2] if part.startswith("{") else part for part in parts
    )
