"""Marketing sees the real message of a real customer, and nobody can do anything with it but look."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from html import unescape
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from command_runner import running
from one_night import DAY, accepted, sending, settings_at
from perennial.messages.sms_segments import count_segments
from perennial.model.keys import is_of_test, read_link_token
from perennial.model.message import EmailMessage
from perennial.model.words import AuditAction, Channel
from perennial.pipeline.plan_reading import ORDER, plan_partition
from perennial.pipeline.previewing import Wish
from perennial.settings import Settings
from perennial.steps.services import Perennial, services
from perennial.studio.preview_frames import Scheme, in_scheme
from perennial.studio.preview_shelf import Shelf
from studio_visits import DEMO_SECRET, OPERATOR, VIEWER, Door, studio_door

PREVIEW = f"/campaigns/win_back/preview?day={DAY}"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NASTY = "<script>alert(1)</script>{{7*7}}"


@pytest.fixture(scope="module")
def perennial(sent_settings: Settings) -> Iterator[Perennial]:
    with services(sent_settings) as perennial:
        yield perennial


@pytest.fixture(scope="module")
def reader(perennial: Perennial) -> str:
    """Somebody who got an email of the win-back."""
    rows = sending(perennial, "win_back")
    return str(next(row["customer_id"] for row in rows if row["channel"] == "email"))


def frames(html: str) -> list[str]:
    found = re.findall(r'<iframe sandbox="" [^>]*src="/studio([^"]+)"', html)
    return [unescape(path) for path in found]


def test_the_preview_shows_what_was_sent_but_for_links_and_coupon(
    perennial: Perennial, sent_day: Path
) -> None:
    for row in sending(perennial, "win_back")[:20]:
        shown = perennial.preview("win_back", row["customer_id"], day=DAY)
        folder = sent_day / "mailbox" / row["channel"] / "win_back"
        suffix = "html" if row["channel"] == "email" else "txt"
        sent = (folder / f"{row['message_key']}.{suffix}").read_text(encoding="utf-8")
        words = (
            shown.message.html if isinstance(shown.message, EmailMessage) else shown.message.text
        )

        assert (shown.outcome, shown.examples) == ("send", ())
        assert without_secrets(words) in without_secrets(sent)


def without_secrets(words: str) -> str:
    """The words without what belongs to one message alone: tokens of links and the code of a coupon."""
    return re.sub(r"(?<=/)2\.[\w.-]+|\b[A-Z]+-[A-Z0-9]{5}-[A-Z0-9]{5}\b", "…", words)


def test_no_link_and_no_coupon_of_a_preview_belongs_to_a_message(
    perennial: Perennial, reader: str
) -> None:
    (shown,) = perennial.previews("win_back", reader, day=DAY, wishes=[Wish(step=2)])
    message = shown.message
    assert isinstance(message, EmailMessage)
    url = message.headers["List-Unsubscribe"].strip("<>")
    link = read_link_token("unsubscribe", url.rpartition("/")[2], DEMO_SECRET)

    assert is_of_test(message.key)
    assert link is not None
    assert is_of_test(link.key)
    assert "BACK-" in message.text


def test_the_page_frames_the_email_on_phone_and_desktop_in_light_and_dark(
    sent_door: Door, reader: str
) -> None:
    page = sent_door.see(f"{PREVIEW}&customer={reader}&channel=email")
    shown = [sent_door.see(path) for path in frames(page.html)]

    assert page.status == 200
    assert [path.rpartition("=")[2] for path in frames(page.html)] == ["light", "dark"] * 2
    assert {each.status for each in shown} == {200}
    for each in shown:
        policy = each.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; img-src data: https:;")
        assert policy.endswith("sandbox")
        assert "script-src" not in policy
    assert "Gmail cuts at 102 kB" in page.text
    assert "List-Unsubscribe:" in page.text


def test_a_frame_is_there_when_the_page_around_it_is_long_gone(
    sent_settings: Settings, reader: str
) -> None:
    with studio_door(sent_settings) as door:
        frame = door.see(
            f"/campaigns/win_back/preview/email?day={DAY}&customer={reader}&channel=email&scheme=dark"
        )

    assert frame.status == 200
    assert "/u/2." in frame.html


def test_dark_is_what_the_email_says_for_dark() -> None:
    html = (
        "<style>:root { color-scheme: light dark } @media (prefers-color-scheme: dark) { a }"
        '</style><meta name="color-scheme" content="light dark">'
    )

    assert "@media (min-width: 0) { a }" in in_scheme(html, Scheme.DARK)
    assert "@media (max-width: 0) { a }" in in_scheme(html, Scheme.LIGHT)
    assert in_scheme(html, Scheme.DARK).count("light") == 0


def test_a_text_message_shows_its_parts_and_the_character_that_doubled_them(
    sent_door: Door, perennial: Perennial, reader: str
) -> None:
    page = sent_door.see(f"{PREVIEW}&customer={reader}&channel=sms&locale=ru")
    shown = perennial.preview("win_back", reader, day=DAY, channel=Channel.SMS, locale="ru")
    length = count_segments(shown.message.text)  # type: ignore[union-attr]

    assert page.html.count("<mark") == 1
    assert f">{length.doubled_by}</mark>" in page.html
    assert f"<dd>{length.segments}</dd>" in page.html
    assert "UCS-2" in page.text


def test_every_language_stands_beside_the_others(sent_door: Door, reader: str) -> None:
    page = sent_door.see(f"/campaigns/win_back/languages?day={DAY}&customer={reader}&channel=email")

    assert [re.search(r"locale=(\w+)", path)[1] for path in frames(page.html)] == ["en", "es", "ru"]  # type: ignore[index]


def test_the_picker_names_nobody_and_leads_to_messages_that_can_be_shown(
    sent_door: Door, perennial: Perennial
) -> None:
    page = sent_door.see(PREVIEW)
    picks = re.findall(r'<li><a href="(\?[^"]+)"', page.html)
    rows = sending(perennial, "win_back")
    variants = {(row["step"], row["channel"], row["locale"]) for row in rows}

    assert len(picks) > len(variants)
    for step, channel, locale in variants:
        assert f"step {step}, {channel}, {locale}" in page.text
    for pick in picks:
        shown = sent_door.see(f"/campaigns/win_back/preview{unescape(pick)}")
        assert shown.status == 200


def test_who_is_not_written_to_can_be_looked_at_and_what_is_made_up_is_marked(
    sent_door: Door, perennial: Perennial
) -> None:
    perennial.engine.view("plan", plan_partition("win_back", DAY))
    row = perennial.engine.rows("select * from plan where reason = 'no_consent' order by all")[0]
    page = sent_door.see(f"{PREVIEW}&customer={row['customer_id']}")

    assert "There is no consent for this channel and topic." in page.text
    assert "Made up for this preview, because the customer has none: consented on" in page.text


def test_addresses_that_make_no_sense_are_said_to(sent_door: Door, reader: str) -> None:
    paths = (
        f"{PREVIEW}&customer={reader}&channel=pigeon",
        f"{PREVIEW}&customer={reader}&locale=xx",
        f"{PREVIEW}&customer={reader}&step=x",
        f"{PREVIEW}&customer=1%0d%0a1",
        "/campaigns/win_back/preview?day=tomorrow",
    )

    assert [sent_door.see(path).status for path in paths] == [404] * len(paths)
    assert sent_door.see(f"{PREVIEW}&customer=nobody").status == 409
    assert sent_door.see(f"{PREVIEW}&customer={reader}&step=9").status == 409


@pytest.mark.parametrize("name", [NASTY, f"{NASTY}\r\nBcc: all@example.com"])
def test_what_customers_call_themselves_is_text_and_nothing_else(
    own_day: Path, reader: str, name: str
) -> None:
    with services(settings_at(own_day)) as perennial:
        call_everybody(perennial, name)
    with studio_door(settings_at(own_day)) as door:
        page = door.see(f"{PREVIEW}&customer={reader}&channel=email")
        text = door.see(f"{PREVIEW}&customer={reader}&channel=sms")
        shown = [door.see(path) for path in frames(page.html)]

    for each in (page, text, *shown):
        assert each.status in {200, 409}
        assert "<script>alert" not in each.html
        assert "49</script>" not in each.html
        assert "\nBcc: all@example.com" not in each.headers.get("List-Unsubscribe", "")
    assert not re.search(r"^Bcc:", page.text, re.MULTILINE)


def call_everybody(perennial: Perennial, name: str) -> None:
    partition = plan_partition("win_back", DAY)
    path = perennial.engine.lake.existing(partition)
    perennial.engine.publish(
        partition,
        f"""select * replace (json_merge_patch("values", $name::json)::varchar as "values")
            from read_parquet('{path}', hive_partitioning = false)""",
        order_by=ORDER,
        parameters={"name": json.dumps({"first_name": name})},
    )


def test_a_test_goes_to_oneself_marked_and_counts_nowhere(
    own_door: Door, own_day: Path, reader: str
) -> None:
    before = accepted(own_day)
    with services(settings_at(own_day)) as perennial:
        history = perennial.ledger.history(since=LONG_AGO).num_rows
    form = {"day": DAY, "customer": reader, "channel": "email", "to": "Me@juniperandrye.example"}
    told = own_door.as_(OPERATOR).send("/campaigns/win_back/preview/test", form)
    sent = list((own_day / "mailbox" / "email" / "test").glob("*.eml"))
    mail = message_from_bytes(sent[0].read_bytes(), policy=default)
    with services(settings_at(own_day)) as perennial:
        (deed,) = perennial.ledger.audit_log(limit=5, action=AuditAction.TEST_SENT)
        after = perennial.ledger.history(since=LONG_AGO).num_rows

    assert told.status == 303
    assert len(sent) == 1
    assert mail["To"] == "Me@juniperandrye.example"
    assert str(mail["Subject"]).startswith("[Test] ")
    assert mail["X-Perennial-Test"] == "yes"
    assert all(map(is_of_test, accepted(own_day) - before))
    assert history == after
    assert deed.actor == "mark"
    assert "m•••@juniperandrye.example" in deed.reason
    assert reader not in (deed.subject, deed.reason)


def test_a_test_goes_nowhere_else(own_door: Door, own_day: Path, reader: str) -> None:
    before = accepted(own_day)
    form = {"day": DAY, "customer": reader, "channel": "email"}
    elsewhere = own_door.send(
        "/campaigns/win_back/preview/test", {**form, "to": "ann@people.example"}
    )
    number = own_door.send(
        "/campaigns/win_back/preview/test",
        {**form, "channel": "sms", "to": "+12125550100"},
    )
    nonsense = own_door.send("/campaigns/win_back/preview/test", {**form, "to": "a@b\r\nBcc: c@d"})
    viewer = own_door.as_(VIEWER).send(
        "/campaigns/win_back/preview/test", {**form, "to": "me@juniperandrye.example"}
    )

    assert [elsewhere.status, number.status, nonsense.status, viewer.status] == [409] * 3 + [403]
    assert "PERENNIAL_TEST_RECIPIENTS" in elsewhere.text
    assert accepted(own_day) == before


def test_who_may_only_look_is_offered_no_test(sent_door: Door, reader: str) -> None:
    page = sent_door.as_(VIEWER).see(f"{PREVIEW}&customer={reader}")

    assert page.status == 200
    assert "Send it to yourself" not in page.text


def test_the_shelf_forgets_emails_and_keeps_no_more_than_a_few() -> None:
    now = [0.0]
    shelf = Shelf(clock=lambda: now[0])
    for number in range(100):
        shelf.put(number, f"<p>{number}</p>")
    kept = [number for number in range(100) if shelf.take(number)]
    now[0] = 31.0

    assert kept == list(range(36, 100))
    assert shelf.take(99) is None


def test_the_command_line_sends_the_same_test(
    own_day: Path, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_HOME", str(own_day))
    monkeypatch.setenv("PERENNIAL_TEST_RECIPIENTS", "+12125550100")
    words = ("test-send", "win_back", "--customer", reader, "--day", str(DAY), "--channel", "sms")
    told = running(*words, "--to", "+12125550100", "--json")
    refused = running(*words, "--to", "+12125550101")
    (sent,) = (own_day / "mailbox" / "sms" / "test").glob("*.txt")

    assert told.data == {"sent_to": "+••• 00"}
    assert refused.fault
    assert sent.read_text(encoding="utf-8").startswith("To: +12125550100\n\n[Test] ")


@pytest.mark.browser
def test_the_page_keeps_nobody_out_and_its_frame_shows_the_email(
    sent_door: Door, reader: str
) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("Pages are looked at in Chromium, and there is none here.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width, scheme in ((1280, "light"), (390, "dark")):
            context = browser.new_context(
                viewport={"width": width, "height": 800},
                color_scheme=scheme,  # type: ignore[arg-type]
            )
            context.add_cookies([{"name": "visitor", "value": "ann", "url": sent_door.url}])
            page = context.new_page()
            page.goto(f"{sent_door.url}{PREVIEW}&customer={reader}&channel=email")
            found = Axe().run(page, options={"iframes": False}).response["violations"]
            email = page.frame_locator("iframe").first.locator("body")

            assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert "Juniper & Rye" in email.inner_text()
        browser.close()
