"""Approved templates of WhatsApp: read with their mistakes named, and filled in value by value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.errors import Fault, RenderError
from perennial.messages.composing import compose
from perennial.messages.templates import Templates
from perennial.messages.values import example_values
from perennial.model.message import PlannedMessage, WhatsAppMessage
from perennial.model.shop import Shop
from perennial.model.words import Channel

FILE = "whatsapp/birthday/en.yaml"
SID = "HX" + "0123456789abcdef" * 2
APPROVED = f"""\
content_sid: {SID}
variables:
  "1": "{{% if first_name %}}{{{{ first_name }}}}{{% else %}}there{{% endif %}}"
  "2": "{{{{ offer | offer }}}}"
  3: "{{{{ coupon_code }}}}"
body: |
  Happy birthday, {{{{1}}}}!
  {{{{2}}}} off with {{{{3}}}}. Reply STOP to opt out.
"""
Load = Callable[..., Templates]
FaultsOf = Callable[[Mapping[str, str | None]], list[Fault]]
Plan = Callable[..., PlannedMessage]


@pytest.fixture
def approved(load: Load) -> Templates:
    return load({FILE: APPROVED})


def composed(templates: Templates, planned: PlannedMessage, shop: Shop) -> WhatsAppMessage:
    message = compose(planned, templates, shop, edge_url="https://shop.example", secret="x" * 32)
    assert isinstance(message, WhatsAppMessage)
    return message


def test_a_message_is_a_template_with_this_persons_values(
    approved: Templates, plan: Plan, shop: Shop
) -> None:
    planned = plan(Channel.WHATSAPP, address="+14155550123")
    message = composed(approved, planned, shop)
    assert message.content_sid == SID
    assert message.variables == {"1": "Ann", "2": "10%", "3": "BDAY-K7TWQ-4MZXP"}
    assert message.text == (
        "Happy birthday, Ann!\n10% off with BDAY-K7TWQ-4MZXP. Reply STOP to opt out."
    )
    assert (message.key, message.to) == (planned.key, "+14155550123")
    assert message.expires_at == planned.expires_at


def test_who_has_no_name_is_greeted_without(approved: Templates, plan: Plan, shop: Shop) -> None:
    planned = plan(Channel.WHATSAPP, address="+14155550123", first_name=None)
    assert composed(approved, planned, shop).variables["1"] == "there"


def test_a_template_says_what_it_needs_from_the_plan(approved: Templates) -> None:
    assert approved.fields("birthday", Channel.WHATSAPP) == {"first_name", "offer", "coupon_code"}
    assert approved.required("birthday", Channel.WHATSAPP) == {"offer"}
    assert approved.names(Channel.WHATSAPP) == ("birthday",)


def test_a_shop_without_approved_templates_has_none(templates: Templates) -> None:
    assert templates.names(Channel.WHATSAPP) == ()
    with pytest.raises(RenderError, match="no whatsapp template `birthday`"):
        templates.fields("birthday", Channel.WHATSAPP)


def test_a_missing_value_stops_the_message(approved: Templates, plan: Plan, shop: Shop) -> None:
    """Case 41."""
    with pytest.raises(RenderError, match="offer"):
        composed(approved, plan(Channel.WHATSAPP, offer=None), shop)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=60))
def test_what_a_customer_typed_is_a_value_and_nothing_else(approved: Templates, name: str) -> None:
    """Cases 36, 39 and 40: WhatsApp takes no line break, tab or run of spaces in a value, and no empty one."""
    values = example_values() | {"first_name": name.strip() or None}
    filled = approved.whatsapp("birthday", "en", values)
    for value in filled.variables.values():
        assert value == " ".join(value.split())
        assert value
    greeting, rest = filled.text.rsplit("!\n", 1)
    assert greeting == f"Happy birthday, {filled.variables['1']}"
    assert rest.endswith("Reply STOP to opt out.")


@pytest.mark.parametrize("name", ["{{2}}", "{{7*7}}", "[[ shop.name ]]"])
def test_braces_that_a_customer_typed_stay_braces(approved: Templates, name: str) -> None:
    """Case 36."""
    filled = approved.whatsapp("birthday", "en", example_values() | {"first_name": name})
    assert f"Happy birthday, {name}!" in filled.text


def test_a_text_that_whatsapp_does_not_take_is_not_sent(load: Load) -> None:
    templates = load({FILE: APPROVED.replace("Happy", "Happy" + " very" * 186)})
    values = example_values()
    templates.whatsapp("birthday", "en", values | {"first_name": "Ann"})
    with pytest.raises(RenderError, match="1024 is the most"):
        templates.whatsapp("birthday", "en", values | {"first_name": "x" * 40})


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (f"content_sid: {SID}\n", "", 1, "`content_sid` is missing"),
        (SID, "HX12", 1, "32 hexadecimal digits"),
        ("content_sid:", "content_id:", 1, "Unknown field `content_id`"),
        ("body: |", "text: |", 6, "Unknown field `text`"),
        ("{{3}}", "{{4}}", 8, "no 4"),
        ("{{3}}", "{{coupon_code}}", 8, "no coupon_code"),
        ("with {{3}}", "with a code", 5, "Variable 3 is not in the body"),
        ("  3: ", "  5: ", 2, "numbered 1, 2, 3"),
        ("{{ coupon_code }}", "{{ cupon_code }}", 5, "Unknown merge field `cupon_code`"),
        ("{{ coupon_code }}", "{{ first_name }}", 5, "`first_name` may be missing"),
        ("{{ coupon_code }}", "{{ offer }}", 5, "cannot be printed as it is"),
        ("{{ coupon_code }}", "[[ shop.name ]]", 5, "Square brackets"),
        ("STOP", "QUIT", 7, "lacks the word that stops messages, STOP"),
        ("{% else %}there", "", None, "Variable 1 comes out empty"),
        ('"{{ coupon_code }}"', "[a, b]", 5, "Variable 3 is not a text"),
    ],
)
def test_a_mistake_is_named_with_its_line(
    faults_of: FaultsOf, old: str, new: str, line: int | None, words: str
) -> None:
    """Case 41."""
    assert old in APPROVED
    faults = faults_of({FILE: APPROVED.replace(old, new)})
    named = [fault for fault in faults if words in fault.message]
    assert named, [str(fault) for fault in faults]
    assert {fault.line for fault in named} == {line}
    assert all(str(fault.path).endswith(FILE) for fault in named)


def test_variables_without_names_are_refused(faults_of: FaultsOf) -> None:
    text = f"content_sid: {SID}\nvariables: [a]\nbody: STOP\n"
    assert [f.line for f in faults_of({FILE: text}) if "written" in f.message] == [2]


def test_a_template_without_variables_is_the_same_for_everybody(load: Load) -> None:
    templates = load({FILE: f"content_sid: {SID}\nbody: Open on Sunday. STOP to opt out\n"})
    filled = templates.whatsapp("birthday", "en", example_values())
    assert (filled.variables, filled.text) == ({}, "Open on Sunday. STOP to opt out")


@pytest.mark.parametrize("text", ["content_sid: [", "- one", ""])
def test_what_is_no_mapping_is_refused(faults_of: FaultsOf, text: str) -> None:
    assert any(str(fault.path).endswith(FILE) for fault in faults_of({FILE: text}))


def test_nothing_personal_is_shown(approved: Templates, plan: Plan, shop: Shop) -> None:
    """Case 47."""
    message: Any = composed(approved, plan(Channel.WHATSAPP, address="+14155550123"), shop)
    for canary in ("Ann", "4155550123", "BDAY"):
        assert canary not in repr(message)
