"""The installation that a command works on: from the environment, from Airflow's connections, and from its options."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
    chosen: dict[str, object] = {}
    for provider in providers or ():
        if provider in _CHANNEL_OF:
            chosen[_CHANNEL_OF[provider]] = provider
        else:
            chosen |= dict.fromkeys(("email_transport", "sms_transport"), provider)
    settings = read_settings(**chosen)
    if _leaves_to_airflow(settings):
        from perennial.orchestration import connected

        settings = read_settings(**chosen, **connected(settings))
    with services(settings) as perennial:
        yield perennial


def _leaves_to_airflow(settings: Settings) -> bool:
    return bool(
        settings.source_connection or settings.sendgrid_connection or settings.twilio_connection
    )
