"""What SendGrid is told, held to the vendor's own description and to the rules that it keeps in prose."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sendgrid.helpers import mail as vendors

from perennial.delivery.http_wire import Reply
from perennial.delivery.sendgrid.payload import (
    MailOptions,
    culprits,
    mail_request,
    read_answer,
)
from perennial.errors import RenderError
from perennial.model.message import EmailMessage

Make = Callable[..., EmailMessage]
SPEC = Path(__file__).parents[4] / "shared" / "specs" / "tsg_mail_v3.json"
PLAIN = MailOptions()
LINK = f"https://shop.example/u/1.{'a' * 120}.{'b' * 22}"


def told(message: EmailMessage, options: MailOptions = PLAIN) -> dict[str, Any]:
    request = json.loads(mail_request(message, options))
    assert isinstance(request, dict)
    return request


@pytest.fixture(scope="module")
def description() -> jsonschema.Draft202012Validator:
    if not SPEC.exists():
        pytest.skip("SendGrid's OpenAPI description is not beside this checkout.")
    spec = json.loads(SPEC.read_text(encoding="utf-8"))
    body = spec["components"]["requestBodies"]["PostMailSend"]["content"]["application/json"]
    return jsonschema.Draft202012Validator({**body["schema"], "components": spec["components"]})


@pytest.mark.parametrize(
    "options", [PLAIN, MailOptions(sandbox=True, asm_group=12)], ids=["plain", "everything"]
)
def test_a_request_is_what_the_vendor_describes(
    make_email: Make, options: MailOptions, description: jsonschema.Draft202012Validator
) -> None:
    message = make_email(reply_to="answers@juniperandrye.example")
    assert [error.message for error in description.iter_errors(told(message, options))] == []


def test_a_request_is_what_the_vendors_own_package_would_make_of_it(make_email: Make) -> None:
    message = make_email(reply_to="answers@juniperandrye.example")
    theirs = vendors.Mail(
        from_email=vendors.From(message.from_address, message.from_name), subject=message.subject
    )
    person = vendors.Personalization()
    person.add_to(vendors.To(message.to))
    for name, value in message.headers.items():
        person.add_header(vendors.Header(name, value))
    person.add_custom_arg(vendors.CustomArg("perennial_key", message.key))
    theirs.add_personalization(person)
    theirs.reply_to = vendors.ReplyTo(message.reply_to)
    theirs.add_content(message.text, "text/plain")
    theirs.add_content(message.html, "text/html")
    theirs.add_category(vendors.Category(message.campaign))
    theirs.asm = vendors.Asm(vendors.GroupId(12))
    theirs.mail_settings = vendors.MailSettings(sandbox_mode=vendors.SandBoxMode(True))  # noqa: FBT003 - their signature
    theirs.tracking_settings = vendors.TrackingSettings(
        click_tracking=vendors.ClickTracking(True, False),  # noqa: FBT003 - their signature
        subscription_tracking=vendors.SubscriptionTracking(False),  # noqa: FBT003 - their signature
    )
    assert told(message, MailOptions(sandbox=True, asm_group=12)) == theirs.get()


def test_everybody_has_a_personalization_with_the_own_links_and_key(make_email: Make) -> None:
    message = make_email()
    assert told(message)["personalizations"] == [
        {
            "to": [{"email": "anna@customers.example"}],
            "headers": {
                "List-Unsubscribe": f"<{LINK}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
            "custom_args": {"perennial_key": message.key},
        }
    ]


def test_nothing_that_sendgrid_keeps_for_ever_is_personal(make_email: Make) -> None:
    request = told(make_email())
    kept = json.dumps([request["categories"], request["personalizations"][0]["custom_args"]])
    assert "anna" not in kept.lower()
    assert "@" not in kept


def test_plain_text_comes_before_html(make_email: Make) -> None:
    assert [part["type"] for part in told(make_email())["content"]] == ["text/plain", "text/html"]


def test_the_sandbox_is_asked_for_with_a_boolean_and_only_when_it_is_wanted(
    make_email: Make,
) -> None:
    assert "mail_settings" not in told(make_email())
    sandbox = told(make_email(), MailOptions(sandbox=True))["mail_settings"]
    assert sandbox == {"sandbox_mode": {"enable": True}}


def test_no_suppression_is_ever_bypassed(make_email: Make) -> None:
    assert b"bypass" not in mail_request(make_email(), MailOptions(sandbox=True, asm_group=1))


@pytest.mark.parametrize(
    "anchor",
    [
        '<a href="{link}">',
        '<a class="x" href="{link}" clicktracking="off" style="color: red">',
        '<a clicktracking=off href="{link}">',
    ],
)
def test_the_link_to_unsubscribe_stays_ours(make_email: Make, anchor: str) -> None:
    other = '<a href="https://shop.example/gift">'
    html = f"{other}gift</a> {anchor.format(link=LINK)}no more</a>"
    sent = told(make_email(html=html))["content"][1]["value"]
    assert sent.count("clicktracking") == 1
    assert f'clicktracking=off href="{LINK}"' in sent
    assert sent.startswith(other)


def test_links_in_plain_text_are_not_rewritten_and_no_other_link_is_added(
    make_email: Make,
) -> None:
    tracking = told(make_email())["tracking_settings"]
    assert tracking["click_tracking"]["enable_text"] is False
    assert tracking["subscription_tracking"]["enable"] is False


def test_a_domain_in_another_script_is_written_in_ascii(make_email: Make) -> None:
    request = told(make_email(to="anna@bücher.example"))
    assert request["personalizations"][0]["to"] == [{"email": "anna@xn--bcher-kva.example"}]


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "анна@customers.example"},
        {"to": "anna@customers.example\nBcc: all@customers.example"},
        {"headers": {"List-Unsubscribe": "<https://shop.example/u>\r\nBcc: x@y.example"}},
        {"headers": {"To": "somebody@else.example"}},
        {"headers": {"x-sg-eid": "1"}},
        {"subject": "half \ud83c"},
    ],
    ids=["script", "break", "header break", "to", "reserved", "surrogate"],
)
def test_what_cannot_be_written_down_safely_is_not_written(
    make_email: Make, changes: dict[str, Any]
) -> None:
    with pytest.raises(RenderError) as refused:
        mail_request(make_email(**changes), PLAIN)
    assert "anna" not in str(refused.value)


def reply(status: int, body: bytes | None = b"", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=body)


def test_a_yes_is_empty_and_names_the_request() -> None:
    answer = read_answer(reply(202, X_Message_Id="14c5d75ce93"), PLAIN)
    assert (answer.readable, answer.provider_id) == (True, "14c5d75ce93")


@pytest.mark.parametrize("body", [b"<html>ok</html>", b"{}", None])
def test_a_yes_with_something_in_it_is_not_believed(body: bytes | None) -> None:
    """Case 12."""
    assert not read_answer(reply(202, body), PLAIN).readable


def test_the_sandboxs_yes_counts_in_the_sandbox_only() -> None:
    assert read_answer(reply(200, b"{}"), MailOptions(sandbox=True)).readable
    assert not read_answer(reply(200, b""), PLAIN).readable
    assert not read_answer(reply(202, b""), MailOptions(sandbox=True)).readable


def test_of_an_error_the_field_is_kept_and_not_the_sentence() -> None:
    found = {
        "errors": [
            {
                "message": "We found [anna@customers.example] twice",
                "field": "personalizations.0.to.0.email",
                "help": None,
            }
        ]
    }
    answer = read_answer(reply(400, json.dumps(found).encode()), PLAIN)
    assert answer.code == "personalizations.0.to.0.email"
    assert "anna" not in repr(answer)


@pytest.mark.parametrize(
    "body",
    [
        b"<html><center>413 Request Entity Too Large</center></html>",
        b"",
        None,
        b"[]",
        b'{"errors": []}',
        b'{"errors": ["no"]}',
        b'{"errors": [{"field": null}]}',
        b'{"errors": [{"field": "null"}]}',
        b'{"errors": [{"field": "anna@customers.example"}]}',
        b"[" * 60_000,
    ],
)
def test_an_error_that_is_no_json_is_read_safely(body: bytes | None) -> None:
    """Case 10."""
    assert read_answer(reply(413, body), PLAIN).code is None


def error(*names: object) -> Reply:
    found = {"errors": [{"message": "no", "field": field} for field in names]}
    return reply(400, json.dumps(found).encode())


@pytest.mark.parametrize(
    ("names", "people"),
    [
        (["personalizations.7.to.0.email"], [7]),
        (["personalizations.7.to", "personalizations.7.headers", "personalizations.0"], [0, 7]),
        (["personalizations"], []),
        (["personalizations.x.to", "content.1.value", None, 3], []),
        (["personalizations.123456.to"], []),
    ],
)
def test_whom_an_error_names_is_read_from_its_fields(
    names: list[object], people: list[int]
) -> None:
    """Case 9."""
    assert culprits(error(*names)) == people


def test_a_page_names_nobody() -> None:
    """Case 10."""
    assert culprits(reply(413, b"<html>personalizations.7.to</html>")) == []


def test_the_end_of_a_window_goes_by_sendgrids_clock_and_not_by_ours() -> None:
    answer = read_answer(
        reply(429, X_RateLimit_Reset="1000000012", Date="Sun, 09 Sep 2001 01:46:40 GMT"), PLAIN
    )
    assert answer.wait == timedelta(seconds=12)


@pytest.mark.parametrize("reset", ["", "soon", "-5", "9" * 30, "nan", "inf"])
def test_a_window_without_a_readable_end_is_none(reset: str) -> None:
    told_so = reply(429, X_RateLimit_Reset=reset, Date="Sun, 09 Sep 2001 01:46:40 GMT")
    assert read_answer(told_so, PLAIN).wait is None
