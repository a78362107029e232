"""SendGrid's suppression lists and ours become one, by the emulator's lists."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ledger_builder import a_message, claiming
from perennial.emulator.faults import Fault, FaultKind, Match, Operation
from perennial.emulator.mailing.suppressions import Entry
from perennial.emulator.options import SENDGRID_KEY, Options
from perennial.emulator.serving import Emulator, emulator_thread
from perennial.errors import DeliveryError, SettingsError
from perennial.lake.partitions import Partition
from perennial.model.datasets import CONTACTS
from perennial.model.keys import address_key
from perennial.model.words import Channel, Reason, SuppressionReason
from perennial.settings import Settings
from perennial.steps.services import Perennial, services

HOUR = timedelta(hours=1)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with emulator_thread(Options(seed=7)) as emulator:
        yield emulator


@pytest.fixture
def perennial(emulator: Emulator, tmp_path: Path) -> Iterator[Perennial]:
    with an_installation(emulator, tmp_path) as perennial:
        yield perennial


def an_installation(emulator: Emulator, home: Path, **changes: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
    fields = {
        "home": home,
        "email_transport": "sendgrid",
        "sendgrid_api_key": SENDGRID_KEY,
        "sendgrid_host": emulator.url,
    }
    return services(Settings(**(fields | changes)))  # type: ignore[arg-type]


def list_at_sendgrid(emulator: Emulator, name: str, *emails: str, ago: timedelta = HOUR) -> None:
    created = int((datetime.now(UTC) - ago).timestamp())
    for email in emails:
        emulator.suppressions.add(name, Entry(email=email, created=created, status="5.1.1"))


def ours(perennial: Perennial, email: str) -> set[str]:
    """Why this address is on our list."""
    key = address_key(email.lower(), perennial.secret)
    return {s.reason.value for s in perennial.ledger.suppressions_of([key])}


def publish_contacts(perennial: Perennial, *emails: str) -> None:
    """A night's contacts with these addresses."""
    columns = ", ".join(f"null::{c.type} as {c.name}" for c in CONTACTS.columns)
    rows = " union all ".join(
        f"select * replace ('{n}' as customer_id, '{email}' as email,"
        f" '{address_key(email.lower(), perennial.secret)}' as email_key) from (select {columns})"
        for n, email in enumerate(emails)
    )
    perennial.engine.publish(
        Partition(dataset=CONTACTS.name, day=date(2026, 11, 21)), rows, order_by="customer_id"
    )


def test_each_list_suppresses_for_its_reason(perennial: Perennial, emulator: Emulator) -> None:
    """Case 23: what the webhook did not hear, the lists tell."""
    list_at_sendgrid(emulator, "bounces", "Gone@Customers.example")
    list_at_sendgrid(emulator, "spam_reports", "annoyed@customers.example")
    list_at_sendgrid(emulator, "invalid_emails", "typo@customers.example")
    list_at_sendgrid(
        emulator, "unsubscribes", "left@customers.example", "annoyed@customers.example"
    )
    list_at_sendgrid(emulator, "blocks", "full@customers.example")
    synced = perennial.sync_suppressions()
    assert ours(perennial, "gone@customers.example") == {"hard_bounced"}
    assert ours(perennial, "annoyed@customers.example") == {"complained", "unsubscribed"}
    assert ours(perennial, "typo@customers.example") == {"invalid"}
    assert ours(perennial, "left@customers.example") == {"unsubscribed"}
    assert ours(perennial, "full@customers.example") == set()
    found = {name: (pulled.entries, pulled.new) for name, pulled in synced.pulled.items()}
    assert found == {
        "bounces": (1, 1),
        "spam_reports": (1, 1),
        "invalid_emails": (1, 1),
        "unsubscribes": (2, 2),
        "blocks": (1, 0),
    }


def test_whoever_is_listed_is_not_written_to(perennial: Perennial, emulator: Emulator) -> None:
    """Cases 23 and 26."""
    list_at_sendgrid(emulator, "unsubscribes", "left@customers.example")
    key = address_key("left@customers.example", perennial.secret)
    message = a_message(address="left@customers.example", address_key=key)
    perennial.sync_suppressions()
    assert claiming(perennial.ledger, [message]).blocked == {message.key: Reason.SUPPRESSED}


def test_a_list_longer_than_a_page_is_read_to_its_end(
    perennial: Perennial, emulator: Emulator
) -> None:
    emails = [f"k{n}@customers.example" for n in range(1_001)]
    list_at_sendgrid(emulator, "bounces", *emails)
    assert perennial.sync_suppressions().pulled["bounces"].new == 1_001
    assert all(ours(perennial, email) for email in (emails[0], emails[499], emails[-1]))


def test_a_sync_reads_on_from_the_last_and_a_full_one_from_the_beginning(
    perennial: Perennial, emulator: Emulator
) -> None:
    list_at_sendgrid(emulator, "bounces", "old@customers.example", ago=timedelta(days=400))
    assert perennial.sync_suppressions().pulled["bounces"].since is None
    list_at_sendgrid(emulator, "bounces", "new@customers.example")
    again = perennial.sync_suppressions().pulled["bounces"]
    assert (again.entries, again.new) == (1, 1)
    assert again.since is not None
    assert perennial.sync_suppressions(full=True).pulled["bounces"].entries == 2


def test_a_sync_removes_nothing_on_either_side(perennial: Perennial, emulator: Emulator) -> None:
    list_at_sendgrid(emulator, "bounces", "gone@customers.example")
    perennial.sync_suppressions()
    emulator.suppressions.remove("bounces", "gone@customers.example")
    perennial.sync_suppressions(full=True)
    assert ours(perennial, "gone@customers.example") == {"hard_bounced"}


def test_what_was_lifted_since_it_was_listed_stays_lifted(
    perennial: Perennial, emulator: Emulator
) -> None:
    list_at_sendgrid(emulator, "bounces", "back@customers.example")
    perennial.sync_suppressions()
    assert perennial.lift_by_hand(
        "back@customers.example",
        Channel.EMAIL,
        SuppressionReason.HARD_BOUNCED,
        by="ann",
        reason="called us",
    )
    perennial.sync_suppressions(full=True)
    assert ours(perennial, "back@customers.example") == set()


def test_with_a_group_both_sides_come_to_know_the_same(emulator: Emulator, tmp_path: Path) -> None:
    group = emulator.suppressions.open_group("Marketing")
    emulator.suppressions.add_to_group(group, ["theirs@customers.example"], 0)
    with an_installation(emulator, tmp_path, sendgrid_asm_group=group) as perennial:
        publish_contacts(perennial, "Ours@customers.example", "nobody@customers.example")
        for email in ("ours@customers.example", "unknown@customers.example"):
            perennial.suppress_by_hand(email, Channel.EMAIL, by="ann", reason="asked by phone")
        synced = perennial.sync_suppressions()
        assert (synced.handed_on, synced.not_in_lake) == (1, 1)
        assert ours(perennial, "theirs@customers.example") == {"unsubscribed"}
        again = perennial.sync_suppressions()
        assert (again.handed_on, again.pulled["group"].new) == (0, 1)
    assert set(emulator.suppressions.groups[group]) == {
        "theirs@customers.example",
        "ours@customers.example",
    }
    assert emulator.suppressions.lists["unsubscribes"] == {}


def test_a_group_that_does_not_exist_is_told_before_anybody_leaves_everything(
    emulator: Emulator, tmp_path: Path
) -> None:
    with an_installation(emulator, tmp_path, sendgrid_asm_group=99) as perennial:
        publish_contacts(perennial, "ours@customers.example")
        perennial.suppress_by_hand("ours@customers.example", Channel.EMAIL, by="ann", reason="r")
        with pytest.raises(DeliveryError, match="PERENNIAL_SENDGRID_ASM_GROUP"):
            perennial.sync_suppressions()
    assert emulator.suppressions.lists["unsubscribes"] == {}


@pytest.mark.parametrize(
    "kind", [FaultKind.SERVER_ERROR, FaultKind.RATE_LIMITED, FaultKind.TRUNCATED, FaultKind.RESET]
)
def test_a_list_that_did_not_come_is_asked_for_again(
    perennial: Perennial, emulator: Emulator, kind: FaultKind
) -> None:
    list_at_sendgrid(emulator, "bounces", "gone@customers.example")
    emulator.fail(Fault(kind=kind, match=Match(operation=Operation.SUPPRESSIONS)))
    assert perennial.sync_suppressions().pulled["bounces"].new == 1


def test_a_key_without_the_right_is_told_with_what_to_do(
    emulator: Emulator, tmp_path: Path
) -> None:
    with (
        an_installation(emulator, tmp_path, sendgrid_api_key="SG.other") as perennial,
        pytest.raises(DeliveryError, match="refuses the key"),
    ):
        perennial.sync_suppressions()


def test_without_sendgrid_there_is_nothing_to_sync(tmp_path: Path) -> None:
    with (
        services(Settings(home=tmp_path)) as perennial,
        pytest.raises(SettingsError, match="does not go by SendGrid"),
    ):
        perennial.sync_suppressions()


def test_no_address_is_logged_or_shown(
    perennial: Perennial, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Case 47."""
    caplog.set_level(logging.DEBUG)
    list_at_sendgrid(emulator, "bounces", "canary@customers.example", "canary is no address")
    synced = perennial.sync_suppressions()
    assert synced.pulled["bounces"].unreadable == 1
    assert "canary" not in json.dumps(synced.as_json(), default=str) + caplog.text + repr(synced)
