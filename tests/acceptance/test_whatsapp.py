"""WhatsApp from a customer's consent to the provider's answer, beside text messages to the same numbers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from one_night import DAY, HOUSEHOLDS, sending, shop
from perennial.cli.commands import app
from perennial.emulator.faults import Fault, FaultKind, Match, Operation
from perennial.emulator.options import Options
from perennial.emulator.record import digest, read_record
from perennial.emulator.serving import Emulator, emulator_thread
from perennial.errors import DeliveryError
from perennial.model.words import Channel
from perennial.pipeline.checking import find_faults
from perennial.sample.loading import load_sample
from perennial.settings import PROJECT, Settings
from perennial.steps.services import Perennial, services

pytestmark = pytest.mark.sample

CAMPAIGN = "feedback_survey"
SENDER = "+15005550006"
SID = "HX" + "0123456789abcdef" * 2
BODIES = {
    "en": "How was your order of {{1}}? {{2}} Reply STOP to opt out",
    "es": "¿Qué tal tu pedido del {{1}}? {{2}} Responde BAJA",
    "ru": "Как вам заказ от {{1}}? {{2}} Отписаться: СТОП",
}
Open = Callable[..., AbstractContextManager[Perennial]]


def write_project(folder: Path) -> None:
    """The sample shop's files; its survey goes by WhatsApp first, then by text."""
    for name in ("campaigns", "templates", "expectations"):
        shutil.copytree(PROJECT / name, folder / name)
    for name in ("shop.yaml", "policy.yaml"):
        shutil.copy(PROJECT / name, folder)
    survey = folder / "campaigns" / f"{CAMPAIGN}.yaml"
    text = survey.read_text(encoding="utf-8")
    survey.write_text(text.replace("[email, sms]", "[whatsapp, sms]"), encoding="utf-8")
    for locale, body in BODIES.items():
        path = folder / "templates" / "whatsapp" / CAMPAIGN / f"{locale}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        values = '  "1": "{{ ordered_on | day }}"\n  "2": "{{ survey_url }}"\n'
        path.write_text(
            f"content_sid: {SID}\nvariables:\n{values}body: '{body}'\n", encoding="utf-8"
        )


def agree(home: Path) -> None:
    """Everybody with a phone has agreed to surveys by text, and every second one on WhatsApp, too."""
    agreed = """
        insert into consents
        select :channel || '-' || customer_id, customer_id, :channel, 'feedback', 'granted', signed_up_at, 'test', updated_at
        from customers where phone is not null and (:channel = 'sms' or rowid % 2 = 0)
    """.replace("rowid", "cast(customer_id as integer)")
    with shop(home) as connection:
        for channel in ("sms", "whatsapp"):
            connection.execute(agreed, {"channel": channel})


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whatsapp")
    write_project(root / "project")
    home = root / "home"
    home.mkdir()
    load_sample(home / "shop.db", shift_to=DAY, households=HOUSEHOLDS)
    agree(home)
    with services(Settings(home=home, project=root / "project", clock="simulated")) as perennial:
        perennial.night(DAY)
    return root


@pytest.fixture
def root(night: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(night, tmp_path / "root"))


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    with emulator_thread(Options(record=tmp_path / "record.jsonl")) as running:
        yield running


def opened(root: Path, **changes: Any) -> AbstractContextManager[Perennial]:
    settings = {"home": root / "home", "project": root / "project", "clock": "simulated"}
    return services(Settings(**(settings | changes)))


def by_twilio(emulator: Emulator, root: Path) -> Open:
    return partial(
        opened,
        root,
        sms_transport="twilio",
        whatsapp_transport="twilio",
        twilio_host=emulator.url,
        twilio_account_sid=emulator.options.account_sid,
        twilio_auth_token=emulator.options.auth_token,
        twilio_from=SENDER,
        twilio_whatsapp_from=SENDER,
    )


def run(perennial: Perennial) -> None:
    plan = perennial.plan(CAMPAIGN, DAY)
    perennial.dispatch(CAMPAIGN, DAY, plan_hash=plan.plan_hash)


def test_who_agreed_to_whatsapp_gets_it_there_and_the_others_a_text(
    emulator: Emulator, root: Path
) -> None:
    """Everybody once, on the first channel that may be used, however often the run is run."""
    with by_twilio(emulator, root)() as perennial:
        run(perennial)
        run(perennial)
        plan = perennial.plan(CAMPAIGN, DAY)
        account = perennial.account(CAMPAIGN, DAY)
        rows = sending(perennial, CAMPAIGN)
    assert plan.whatsapp > 5
    assert plan.sms > 5
    assert account.accepted == plan.send == plan.whatsapp + plan.sms
    assert emulator.accepted() == {row["message_key"]: 1 for row in rows}
    record = {each.key: each for each in read_record(root.parent / "record.jsonl")}
    for row in rows:
        on = "whatsapp:" if row["channel"] == "whatsapp" else ""
        assert record[row["message_key"]].recipient == digest(on + row["address"])


def test_a_message_on_whatsapp_has_its_own_price(root: Path) -> None:
    with opened(root) as perennial:
        plan = perennial.plan(CAMPAIGN, DAY)
        rows = sending(perennial, CAMPAIGN)
    costs = {row["channel"]: row["cost"] for row in rows if row["channel"] == "whatsapp"}
    assert costs == {"whatsapp": Decimal("0.03")}
    expected = plan.whatsapp * Decimal("0.03") + plan.sms_segments * Decimal("0.0079")
    assert plan.cost == expected.quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    ("code", "reason"), [(63014, "stopped"), (63024, "invalid")], ids=["blocked us", "not there"]
)
def test_who_is_not_to_be_reached_on_whatsapp_may_still_be_reached_by_text(
    emulator: Emulator, root: Path, code: int, reason: str
) -> None:
    """Case 28, on WhatsApp: refused, never tried again, and suppressed on that channel alone."""
    with by_twilio(emulator, root)() as perennial:
        perennial.plan(CAMPAIGN, DAY)
        person = next(r for r in sending(perennial, CAMPAIGN) if r["channel"] == "whatsapp")
        key = person["message_key"]
        emulator.fail(Fault(kind=FaultKind.REFUSED, code=code, match=Match(key=key)))
        run(perennial)
        run(perennial)
        assert perennial.account(CAMPAIGN, DAY).refused == 1
        suppressed = perennial.ledger.suppressed().to_pylist()
    assert key not in emulator.accepted()
    assert [(row["address_key"], row["channel"], row["reason"]) for row in suppressed] == [
        (person["address_key"], "whatsapp", reason)
    ]


def test_a_template_that_is_not_approved_stops_the_run_and_burns_nobody(
    emulator: Emulator, root: Path
) -> None:
    with by_twilio(emulator, root)() as perennial:
        emulator.fail(Fault(kind=FaultKind.REFUSED, code=63027, times=None))
        with pytest.raises(DeliveryError, match="templates/whatsapp"):
            run(perennial)
        assert perennial.account(CAMPAIGN, DAY).refused == 0
        emulator.faults.clear()
        run(perennial)
        assert perennial.account(CAMPAIGN, DAY).accepted == perennial.plan(CAMPAIGN, DAY).send
    assert set(emulator.accepted().values()) == {1}


def test_a_channel_without_a_transport_is_named_with_what_to_set(root: Path) -> None:
    with (
        opened(root, whatsapp_transport="none") as perennial,
        pytest.raises(DeliveryError, match="PERENNIAL_WHATSAPP_TRANSPORT"),
    ):
        run(perennial)


def test_the_mailbox_and_the_page_show_what_would_be_read(root: Path) -> None:
    with opened(root) as perennial:
        run(perennial)
        page = perennial.report(DAY).read_text(encoding="utf-8")
        entries = [e for e in perennial.mailbox() if e.channel is Channel.WHATSAPP]
        plan = perennial.plan(CAMPAIGN, DAY)
    assert len(entries) == plan.whatsapp
    assert entries[0].path.parent == root / "home" / "mailbox" / "whatsapp" / CAMPAIGN
    text = entries[0].path.read_text(encoding="utf-8")
    assert "https://shop.example/s/" in text
    assert "{{" not in text
    assert f"{plan.whatsapp} WhatsApp" in page


def test_a_preview_shows_the_approved_words_with_the_customers_values(root: Path) -> None:
    with opened(root) as perennial:
        perennial.plan(CAMPAIGN, DAY)
        customer = sending(perennial, CAMPAIGN)[0]["customer_id"]
    environment = {
        "PERENNIAL_HOME": str(root / "home"),
        "PERENNIAL_PROJECT": str(root / "project"),
    }
    command = ["preview", CAMPAIGN, "--customer", customer, "--day", DAY.isoformat()]
    whatsapp = [*command, "--channel", "whatsapp"]
    shown = CliRunner().invoke(app, [*whatsapp, "--json"], env=environment)
    assert shown.exit_code == 0, shown.output
    preview = json.loads(shown.stdout)
    assert (preview["channel"], preview["content_sid"]) == ("whatsapp", SID)
    assert "https://shop.example/s/" in preview["text"]
    assert "WhatsApp" in CliRunner().invoke(app, whatsapp, env=environment).output


def test_a_campaign_without_approved_words_is_a_mistake_with_a_name(root: Path) -> None:
    project = root / "project"
    assert find_faults(project) == []
    shutil.rmtree(project / "templates" / "whatsapp")
    [fault] = find_faults(project)
    assert fault.path == project / "campaigns" / f"{CAMPAIGN}.yaml"
    assert fault.message == "template 'feedback_survey' has no words for whatsapp."
    assert "templates/whatsapp" in (fault.hint or "")


def test_a_doubt_on_whatsapp_is_settled_by_twilios_list(emulator: Emulator, root: Path) -> None:
    """Case 5, on WhatsApp."""
    with by_twilio(emulator, root)() as perennial:
        emulator.fail(
            Fault(
                kind=FaultKind.SERVER_ERROR,
                before_acceptance=False,
                times=3,
                match=Match(operation=Operation.TEXT_SEND),
            )
        )
        # What one wave leaves in doubt the next one asks about.
        run(perennial)
        run(perennial)
        account = perennial.account(CAMPAIGN, DAY)
    assert emulator.faults.played == 3
    assert (account.in_doubt, account.accepted) == (0, account.plan.send)
    assert set(emulator.accepted().values()) == {1}
