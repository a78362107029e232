"""The installation that a task works on, and which of its errors a second try cannot cure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowFailException

from perennial.errors import (
    AccountingError,
    DeliveryError,
    KeyRefused,
    NightStopped,
    PlanError,
    RunInterrupted,
)
from perennial.orchestration.connections import connected
from perennial.settings import read_settings
from perennial.steps.services import Perennial, services

# A second try cures none of them: a person has to do what they say.
_FINAL = (NightStopped, PlanError, AccountingError, DeliveryError, KeyRefused)


@contextmanager
def installation() -> Iterator[Perennial]:
    """The installation, with what its settings leave to Airflow's connections."""
    with services(read_settings(**connected(read_settings()))) as perennial:
        yield perennial


@contextmanager
def without_retry() -> Iterator[None]:
    """Errors that a second try cannot cure fail the task at once."""
    try:
        yield
    except RunInterrupted:
        raise  # the worker went away; the next one goes on
    except _FINAL as error:
        raise AirflowFailException(str(error)) from error
