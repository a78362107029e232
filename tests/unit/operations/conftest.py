"""An installation that the doctor finds nothing wrong with, and what it takes to spoil it."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from edge_server import an_installation
from perennial.edge.serving import edge_thread
from perennial.emulator.options import ACCOUNT_SID, AUTH_TOKEN, SENDGRID_KEY, Options
from perennial.emulator.serving import emulator_thread
from perennial.emulator.signing import EventSigner
from perennial.settings import PROJECT
from perennial.steps.services import Perennial

Installed = Callable[..., Perennial]


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    """Makes installations that send by an emulator with these options; settings may be changed."""
    with ExitStack() as stack:

        def install(options: Options | None = None, **changes: object) -> Perennial:
            emulator = stack.enter_context(emulator_thread(options))
            sound = {
                "source_url": f"sqlite:///{_shop(tmp_path)}",
                "email_transport": "sendgrid",
                "sendgrid_host": emulator.url,
                "sendgrid_api_key": SENDGRID_KEY,
                "sendgrid_webhook_key": EventSigner(7).public_key,
                "sms_transport": "twilio",
                "twilio_host": emulator.url,
                "twilio_account_sid": ACCOUNT_SID,
                "twilio_auth_token": AUTH_TOKEN,
                "twilio_from": "+15005550006",
            }
            return stack.enter_context(_installation(tmp_path, **sound | changes))

        yield install


@contextmanager
def _installation(home: Path, **settings: object) -> Iterator[Perennial]:
    """An installation whose public address leads to its web app, unless another one is given."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with an_installation(home, **{"edge_url": address} | settings) as perennial:
        perennial.ledger.check_writable()
        perennial.settings.lake_path.mkdir(exist_ok=True)
        served = an_installation(home, **{**settings, "edge_url": address})
        with served as web_app, edge_thread(web_app, listener):
            yield perennial
    listener.close()


def _shop(folder: Path) -> Path:
    """A shop without customers."""
    path = folder / "shop.db"
    if path.exists():
        return path
    tables = PROJECT / "plugins" / "perennial" / "sample" / "tables.sql"
    with sqlite3.connect(path) as shop:
        shop.executescript(tables.read_text(encoding="utf-8"))
    return path
