from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from dispatch_office import Office, Recorder
from perennial.ledger.store import Ledger
from perennial.model.keys import MessageKey, message_key
from perennial.model.message import EmailMessage, PlannedMessage, SmsMessage
from perennial.model.words import Channel, Pressure, Topic

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def make_email() -> Callable[..., EmailMessage]:
    def make(**changes: object) -> EmailMessage:
        fields: dict[str, object] = {
            "key": MessageKey("0123456789abcdef0123456789abcdef"),
            "campaign": "birthday",
            "locale": "ru",
            "to": "anna@customers.example",
            "subject": "Анна, с днём рождения!",
            "html": "<p>Привет, <b>Анна</b></p>",
            "text": "Привет, Анна\n",
            "from_name": "Juniper & Rye",
            "from_address": "hello@juniperandrye.example",
            "headers": {
                "List-Unsubscribe": f"<https://shop.example/u/1.{'a' * 120}.{'b' * 22}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        }
        return EmailMessage(**(fields | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_sms() -> Callable[..., SmsMessage]:
    def make(**changes: object) -> SmsMessage:
        fields: dict[str, object] = {
            "key": MessageKey("fedcba9876543210fedcba9876543210"),
            "campaign": "points_reminder",
            "locale": "es",
            "to": "+34600000000",
            "text": "Juniper & Rye: ¡620 puntos caducan! BAJA para no recibir más",
            "segments": 1,
        }
        return SmsMessage(**(fields | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_planned() -> Callable[..., PlannedMessage]:
    def make(number: int, **changes: object) -> PlannedMessage:
        customer = f"{number:05d}"
        fields: dict[str, object] = {
            "key": message_key("birthday", 1, customer, "2026"),
            "campaign": "birthday",
            "day": date(2026, 11, 21),
            "step": 1,
            "template": "birthday",
            "customer_id": customer,
            "person_id": customer,
            "occasion": "2026",
            "pressure": Pressure.PROMOTIONAL,
            "topic": Topic.OFFERS,
            "channel": Channel.EMAIL,
            "address": f"c{customer}@customers.example",
            "address_key": f"address-{customer}",
            "locale": "en",
            "send_at": NOW - timedelta(hours=1),
            "expires_at": NOW + timedelta(hours=11),
        }
        return PlannedMessage(**(fields | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    ledger = Ledger(f"sqlite:///{path}")
    ledger.migrate()
    ledger.close()
    return path.read_bytes()


@pytest.fixture
def ledger(tmp_path: Path, migrated: bytes) -> Iterator[Ledger]:
    path = tmp_path / "ledger.db"
    path.write_bytes(migrated)
    ledger = Ledger(f"sqlite:///{path}")
    yield ledger
    ledger.close()


@pytest.fixture
def provider() -> Recorder:
    return Recorder()


@pytest.fixture
def office(ledger: Ledger, now: datetime, provider: Recorder) -> Office:
    return Office(ledger, now, {Channel.EMAIL: provider})


@pytest.fixture
def people(make_planned: Callable[..., PlannedMessage]) -> list[PlannedMessage]:
    return [make_planned(number) for number in range(50)]
