"""Schedules take seconds each; `-m "not chaos"` leaves them out."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "chaos: kills processes by seeded schedules")
