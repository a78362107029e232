"""The installation that a command works on: from the environment, from Airflow's connections, and from its options."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from perennial.model.words import Channel
from perennial.settings import Settings, Transport, read_settings
from perennial.steps.services import Perennial, services

_CHANNEL_OF = {
    Transport.SENDGRID: "email_transport",
    Transport.SMTP: "email_transport",
    Transport.TWILIO: "sms_transport",
}


@contextmanager
def installation(providers: list[Transport] | None = None) -> Iterator[Perennial]:
    """The installation for the time of a command; `providers` go before the transports of the environment.

    Raises:
        SettingsError: names every variable that is wrong or missing.
    """
    chosen = _transports(providers or ())
    settings = read_settings(**chosen)
    if _leaves_to_airflow(settings):
        settings = read_settings(**chosen, **held_by_airflow(settings))
    with services(settings) as perennial:
        yield perennial


def _transports(providers: Sequence[Transport]) -> dict[str, object]:
    """The transport of each channel; those that carry one channel only go before those that carry all."""
    chosen: dict[str, object] = {}
    for provider in sorted(providers, key=lambda provider: provider in _CHANNEL_OF):
        if provider in _CHANNEL_OF:
            chosen[_CHANNEL_OF[provider]] = provider
        else:
            chosen |= {f"{channel}_transport": provider for channel in Channel}
    return chosen


def held_by_airflow(settings: Settings) -> dict[str, object]:
    """What Airflow's connections hold. Airflow sets up logging as it is imported; a command speaks as before."""
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        with warnings.catch_warnings(action="ignore"):
            from perennial.orchestration.connections import connected

            return connected(settings)
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)


def _leaves_to_airflow(settings: Settings) -> bool:
    return bool(
        settings.source_connection
        or settings.sendgrid_connection
        or settings.twilio_connection
        or settings.spark_connection
    )
