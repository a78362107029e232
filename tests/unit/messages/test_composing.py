from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage as MimeMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.errors import RenderError
from perennial.messages.composing import compose
from perennial.messages.templates import Templates
from perennial.model.keys import Link, read_link_token, read_signed_target
from perennial.model.message import EmailMessage, PlannedMessage, SmsMessage
from perennial.model.shop import Shop
from perennial.model.words import Channel

EDGE = "https://edge.example"
PRODUCT = "https://juniperandrye.example/p/1029743"
SECRET = "a secret of at least thirty-two characters"
Plan = Callable[..., PlannedMessage]


@pytest.fixture
def write(templates: Templates, shop: Shop) -> Callable[[PlannedMessage], EmailMessage]:
    def composed(planned: PlannedMessage) -> EmailMessage:
        message = compose(planned, templates, shop, edge_url=EDGE, secret=SECRET)
        assert isinstance(message, EmailMessage)
        return message

    return composed


Write = Callable[[PlannedMessage], EmailMessage]


def test_an_email_is_complete(write: Write, plan: Plan, shop: Shop) -> None:
    message = write(plan())

    assert message.to == "ann@mail.example"
    assert message.subject == "Happy birthday, Ann"
    assert (message.from_name, message.from_address) == (shop.name, shop.from_address)
    assert message.reply_to == shop.reply_to
    assert message.campaign == "birthday"
    assert "BDAY-K7TWQ-4MZXP" in message.html
    assert "BDAY-K7TWQ-4MZXP" in message.text


def test_the_headers_are_those_of_rfc_8058(write: Write, plan: Plan) -> None:
    headers = write(plan()).headers

    assert re.fullmatch(r"<https://[^<>\s,]+>", headers["List-Unsubscribe"])
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_link_in_the_header_is_the_link_in_the_body(write: Write, plan: Plan) -> None:
    message = write(plan())
    link = message.headers["List-Unsubscribe"][1:-1]

    assert f'href="{link}"' in message.html
    assert link in message.text


def test_the_link_names_the_message_and_nobody(write: Write, plan: Plan) -> None:
    planned = plan()
    link = write(planned).headers["List-Unsubscribe"][1:-1]

    assert link.startswith(f"{EDGE}/u/")
    assert read_link_token("unsubscribe", link.rpartition("/")[2], SECRET) == Link(
        planned.key, "en"
    )
    assert "ann" not in link.lower().removeprefix(EDGE)


def test_the_same_row_gives_the_same_bytes(write: Write, plan: Plan) -> None:
    assert write(plan()) == write(plan())


def test_headers_survive_the_trip_through_a_mail(write: Write, plan: Plan) -> None:
    message = write(plan(first_name="Zoë"))
    mail = MimeMessage()
    mail["Subject"] = message.subject
    mail["To"] = message.to
    for name, value in message.headers.items():
        mail[name] = value

    assert mail["Subject"] == "Happy birthday, Zoë"
    assert mail["List-Unsubscribe"] == message.headers["List-Unsubscribe"]
    assert all(len(line) <= 998 for line in bytes(mail).splitlines())


def test_a_text_message_is_complete(templates: Templates, shop: Shop, plan: Plan) -> None:
    planned = plan(Channel.SMS, address="+15550100")

    message = compose(planned, templates, shop, edge_url=EDGE, secret=SECRET)

    assert isinstance(message, SmsMessage)
    assert message.to == "+15550100"
    assert message.segments == 1
    assert "Juniper & Rye" in message.text
    assert "STOP" in message.text


def test_a_message_without_its_coupon_is_refused(write: Write, plan: Plan) -> None:
    with pytest.raises(RenderError, match="coupon_code"):
        write(plan(coupon=False))


def test_a_message_without_a_planned_value_is_refused(write: Write, plan: Plan) -> None:
    with pytest.raises(RenderError, match="coupon_expires_on"):
        write(plan(coupon_expires_on=None))


def test_links_go_to_https_alone(templates: Templates, shop: Shop, plan: Plan) -> None:
    with pytest.raises(RenderError, match="PERENNIAL_EDGE_URL"):
        compose(plan(), templates, shop, edge_url="http://edge.example", secret=SECRET)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_a_shop_that_is_not_the_one_of_the_templates_is_refused(
    templates: Templates, shop: Shop, plan: Plan, channel: Channel
) -> None:
    moved = replace(shop, postal_address="Elsewhere 1", sms_name="Elsewhere")

    with pytest.raises(RenderError, match="It is not sent"):
        compose(plan(channel), templates, moved, edge_url=EDGE, secret=SECRET)


@pytest.mark.parametrize("trouble", ["\r\nBcc: all@mail.example", "\n", "\0", "\u2028", "\x85"])
def test_an_address_cannot_split_a_header(write: Write, plan: Plan, trouble: str) -> None:
    """Case 39."""
    with pytest.raises(RenderError, match="line break"):
        write(plan(address=f"ann@mail.example{trouble}"))


@given(name=st.text(), category=st.text(), product=st.text(min_size=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_value_brings_a_line_break_into_a_subject_or_header(
    write: Write, plan: Plan, name: str, category: str, product: str
) -> None:
    """Case 39."""
    message = write(plan(first_name=name, product={"name": product, "category": category}))

    for line in (message.subject, *message.headers.values()):
        assert len(line.splitlines()) == 1


def test_links_to_products_may_lead_by_way_of_the_web_app(
    templates: Templates, shop: Shop, plan: Plan
) -> None:
    planned = plan()

    message = compose(planned, templates, shop, edge_url=EDGE, secret=SECRET, click_links=True)

    assert isinstance(message, EmailMessage)
    assert PRODUCT not in message.html
    (link,) = set(re.findall(rf'href="{EDGE}/c/([^"]+)"', message.html))
    token, _, target = link.partition("/")
    assert read_link_token("click", token, SECRET) == Link(planned.key, "en")
    assert read_signed_target(target, SECRET) == PRODUCT


def test_links_lead_straight_to_the_shop_unless_asked_otherwise(write: Write, plan: Plan) -> None:
    assert PRODUCT in write(plan()).html
