"""An installation, and its web app on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_server import an_installation, edge_thread
from perennial.emulator.options import AUTH_TOKEN
from perennial.emulator.signing import EventSigner
from perennial.steps.services import Perennial


@pytest.fixture
def perennial(tmp_path: Path) -> Iterator[Perennial]:
    """Believes what the seed 7 and the emulator's token sign."""
    key = EventSigner(7).public_key
    with an_installation(
        tmp_path, sendgrid_webhook_key=key, twilio_auth_token=AUTH_TOKEN
    ) as perennial:
        yield perennial


@pytest.fixture
def edge(perennial: Perennial) -> Iterator[str]:
    with edge_thread(perennial) as url:
        yield url
