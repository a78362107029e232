"""One dispatch by SendGrid and Twilio as they are played on this machine, with the settings that the emulator prints."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from crashing_run import CAMPAIGN, NOW, Death, DyingLedger, Order, compose, planned
from edge_server import PUBLIC
from perennial.cli.emulating import settings_of
from perennial.delivery.accounts import DispatchSummary
from perennial.delivery.dispatch import dispatch
from perennial.emulator.serving import Emulator
from perennial.model.message import PlannedMessage
from perennial.model.policy import SendingRules
from perennial.model.words import Channel
from perennial.settings import Settings
from perennial.steps.services import services


def settings_for(emulator: Emulator, home: Path) -> Mapping[str, str]:
    """What leads an installation in `home` to an emulator, and makes it believe its events."""
    printed = settings_of(emulator.account(), public=PUBLIC)
    plain = {name.removeprefix("PERENNIAL_").lower(): value for name, value in printed.items()}
    return {**plain, "home": str(home)}


def people(count: int, channel: Channel = Channel.EMAIL) -> list[PlannedMessage]:
    """So many people who are to be written to."""
    found = [planned(100 + number) for number in range(count)]
    if channel is Channel.EMAIL:
        return found
    return [
        replace(p, channel=channel, address=f"+1415555{number:04d}")
        for number, p in enumerate(found)
    ]


def carry_out(
    settings: Mapping[str, str], audience: Sequence[PlannedMessage], order: Order
) -> DispatchSummary:
    """Runs the dispatch to its end, or to the process's when the order says so."""
    with services(Settings(**settings)) as perennial:  # type: ignore[arg-type]
        perennial.ledger.migrate()
        channel = audience[0].channel
        ledger = DyingLedger(order.folder, Death(order))
        try:
            return asyncio.run(
                dispatch(
                    [audience],
                    campaign=CAMPAIGN,
                    ledger=ledger,
                    providers={channel: perennial.providers()[channel]},
                    compose=compose,
                    rules=SendingRules(),
                    clock=lambda: NOW,
                    worker=order.worker,
                    lease=timedelta(seconds=order.lease_seconds),
                )
            )
        finally:
            ledger.close()
