"""The steps from an order to a message, on one installation: what the entry points call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from perennial.settings import Settings, read_settings
from perennial.sources.shop_clock import read_zone
from perennial.steps.cases import CaseSteps
from perennial.steps.choosing import ChoiceSteps
from perennial.steps.consenting import ConsentSteps
from perennial.steps.editing import EditingSteps
from perennial.steps.events import EventSteps
from perennial.steps.own_tests import OwnTestSteps
from perennial.steps.rebuilding import RebuildingSteps
from perennial.steps.reconciling import ReconcilingSteps
from perennial.steps.steering import SteeringSteps
from perennial.steps.syncing import ListSteps


class Perennial(
    RebuildingSteps,
    EditingSteps,
    OwnTestSteps,
    ConsentSteps,
    ChoiceSteps,
    EventSteps,
    ReconcilingSteps,
    SteeringSteps,
    ListSteps,
    CaseSteps,
):
    """One installation at work. Every step may be repeated at any time."""


@contextmanager
def services(settings: Settings | None = None) -> Iterator[Perennial]:
    """One installation for the time of a block.

    Raises:
        SettingsError: the environment is wrong; names every variable.
    """
    perennial = Perennial(settings or read_settings())
    try:
        yield perennial
    finally:
        perennial.close()


def shop_zone(settings: Settings) -> ZoneInfo:
    """The shop's clock, read without anything heavy: DAG files ask for it."""
    return read_zone(settings.project / "shop.yaml")


def campaign_files(settings: Settings) -> list[Path]:
    """Every campaign file, by name."""
    return sorted((settings.project / "campaigns").glob("*.yaml"))
