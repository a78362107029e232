"""Is a campaign's audience plausible? Held against its own past and against what its members have agreed to."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa

from perennial.audience.counting import audience_figures
from perennial.campaigns.definition import Campaign
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.ledger.permitting import PERMISSIONS
from perennial.model.datasets import CUSTOMER_FEATURES, MEMBERSHIPS
from perennial.pipeline.learning import keep_figures, past_of
from perennial.pipeline.verifying import VERDICTS
from perennial.validation.measuring import Measured, measured
from perennial.validation.suites import load_suite
from perennial.validation.verdicts import (
    AUDIENCE_OF,
    Finding,
    Verdict,
    as_text,
    verdict_from_json,
)
from perennial.validation.vocabulary import AUDIENCE, EXAMPLES


def judge_audience(
    engine: Engine,
    day: date,
    campaign: Campaign,
    *,
    suites: Path,
    permissions: pa.Table | None = None,
) -> Verdict:
    """Judges a campaign's members of a day by `audience.json`, and keeps the verdict in the lake.

    The verdict is `held` when a person has to approve before anybody is written to. `permissions` is what the ledger
    knows of consent beside the shop. Judging again gives the same verdict.

    Raises:
        MissingPartition: the night has not formed the day's audiences.
        SuiteError: the suite is wrong.
    """
    rules = load_suite(suites, AUDIENCE, EXAMPLES).about_figures()
    chosen = [rule for rule in rules if not rule.campaigns or campaign.name in rule.campaigns]
    engine.open_day(day)
    for dataset in (CUSTOMER_FEATURES, MEMBERSHIPS):
        engine.view(dataset.name, Partition(dataset=dataset.name, day=day))
    told = PERMISSIONS.empty_table() if permissions is None else permissions
    figures = audience_figures(engine, campaign, told)
    found = list(measured(chosen, figures, past_of(engine.lake, _name(campaign.name), day)))
    verdict = _verdict(campaign, day, figures, found)
    engine.lake.write_record(audience_record(campaign.name, day), as_text(verdict.as_json()))
    if not verdict.held:
        keep_figures(engine.lake, _name(campaign.name), day, figures)
    return verdict


def read_audience_verdict(lake: Lake, day: date, campaign: str) -> Verdict | None:
    """What was found about a campaign's audience; nothing when it was not judged."""
    text = lake.read_record(audience_record(campaign, day))
    return verdict_from_json(json.loads(text)) if text else None


def audience_record(campaign: str, day: date) -> Partition:
    """Where the verdict on a campaign's audience of a day lies."""
    return Partition(dataset=VERDICTS, day=day, name=_name(campaign))


def trust_audience(lake: Lake, day: date, campaign: str) -> None:
    """Lets later days learn from an audience that was held, because a person has approved of it."""
    verdict = read_audience_verdict(lake, day, campaign)
    if verdict is not None:
        keep_figures(lake, _name(campaign), day, verdict.figures)


def _verdict(
    campaign: Campaign, day: date, figures: dict[str, float], found: list[Measured]
) -> Verdict:
    members = int(figures["members"])
    return Verdict(
        dataset=AUDIENCE_OF + campaign.name,
        day=day,
        rows=members,
        accepted=members,
        quarantined=0,
        findings=tuple(_finding(campaign, each) for each in found if not each.measure.within),
        figures=figures,
        measures=tuple(each.measure for each in found),
    )


def _finding(campaign: Campaign, found: Measured) -> Finding:
    rule = found.rule
    return Finding(
        dataset=AUDIENCE_OF + campaign.name,
        rule=rule.name,
        action=rule.action,
        sentence=rule.sentence,
        owner=rule.owner,
        failed_rows=0,
        share=0.0,
        measure=found.measure,
    )


def _name(campaign: str) -> str:
    return f"{AUDIENCE.name}.{campaign}"
