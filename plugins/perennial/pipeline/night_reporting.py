"""The page of a night, gathered from the lake's verdicts and quarantine and from the ledger's audit log."""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake
from perennial.ledger.store import Ledger
from perennial.model.datasets import SHOP_DATASETS
from perennial.model.shop import Shop
from perennial.pipeline.judging_audience import read_audience_verdict
from perennial.pipeline.quarantine import Quarantine, read_quarantine
from perennial.pipeline.releasing import release_of_night, verdict_hash
from perennial.pipeline.verifying import night_published, read_verdicts, verdict_place
from perennial.report.night_figures import (
    AudienceFigures,
    DatasetFigures,
    FindingFigures,
    NightFigures,
    NightState,
    ReleaseFigures,
)
from perennial.report.night_page import render_night
from perennial.validation.verdicts import Finding, Measure, Verdict

_WEEKS = 8
_ENOUGH_WEEKS = 3


def gather_night(
    engine: Engine,
    ledger: Ledger,
    *,
    day: date,
    shop: Shop,
    suites: Path,
    campaigns: Sequence[str],
    page: Path,
) -> NightFigures:
    """What the checks of a night found; files are named as seen from the page.

    Raises:
        MissingPartition: the night has not been validated.
    """
    lake = engine.lake
    verdicts = read_verdicts(lake, day)
    aside = {
        v.dataset: read_quarantine(engine, SHOP_DATASETS[v.dataset], day, suites)
        for v in verdicts
        if v.quarantined
    }
    release = release_of_night(ledger, verdicts)
    usual = _usual_rows(lake, day)
    return NightFigures(
        shop=shop.name,
        zone=shop.zone.key,
        day=day,
        state=_state(lake, day, verdicts, released=release is not None),
        verdict_hash=verdict_hash(verdicts),
        datasets=[
            _dataset(lake, v, aside.get(v.dataset), usual.get(v.dataset), page.parent)
            for v in verdicts
        ],
        findings=[_finding(f, aside.get(f.dataset)) for v in verdicts for f in v.findings],
        measures=_measures(verdicts),
        audiences=_audiences(lake, day, campaigns),
        release=ReleaseFigures(by=release.actor, at=release.at, reason=release.reason)
        if release
        else None,
    )


def write_night_page(figures: NightFigures, page: Path) -> Path:
    """Writes one self-contained page of what the checks of a night found. No value of a person is on it."""
    page.parent.mkdir(parents=True, exist_ok=True)
    # Several tasks may write it at once: readers see one page or the other.
    draft = page.with_name(f".{page.name}.{uuid.uuid4().hex}")
    draft.write_text(render_night(figures), encoding="utf-8")
    draft.replace(page)
    return page


def _state(lake: Lake, day: date, verdicts: Sequence[Verdict], *, released: bool) -> NightState:
    stopped = any(verdict.stopped for verdict in verdicts)
    if night_published(lake, day):
        return NightState.RELEASED if stopped else NightState.PASSED
    return NightState.STOPPED if stopped and not released else NightState.JUDGED


def _dataset(
    lake: Lake, verdict: Verdict, aside: Quarantine | None, usual: float | None, folder: Path
) -> DatasetFigures:
    return DatasetFigures(
        name=verdict.dataset,
        rows=verdict.rows,
        accepted=verdict.accepted,
        quarantined=verdict.quarantined,
        returned=verdict.returned,
        duplicates=verdict.duplicates,
        superseded=verdict.superseded,
        usual=usual,
        waiting=aside.waiting if aside else 0,
        back=aside.back if aside else 0,
        verdict=_seen_from(folder, verdict_place(lake, verdict.dataset, verdict.day)),
        quarantine=_seen_from(folder, aside.place) if aside else None,
    )


def _finding(finding: Finding, aside: Quarantine | None) -> FindingFigures:
    """With the masked values of rows that were put aside; rows that are used are named by their keys."""
    put_aside = {reason.rule: reason for reason in (aside.reasons if aside else ())}
    shown = put_aside.get(finding.rule)
    return FindingFigures(
        dataset=finding.dataset,
        rule=finding.rule,
        action=finding.action,
        sentence=finding.sentence,
        owner=finding.owner,
        rows=finding.failed_rows,
        share=finding.share,
        told=str(finding),
        examples=[str(example) for example in shown.examples] if shown else finding.examples,
        measure=finding.measure,
    )


def _audiences(lake: Lake, day: date, campaigns: Sequence[str]) -> list[AudienceFigures]:
    """The audiences of the day that something was found about."""
    verdicts = {name: read_audience_verdict(lake, day, name) for name in campaigns}
    return [
        AudienceFigures(
            campaign=name, held=verdict.held, sentences=[str(f) for f in verdict.findings]
        )
        for name, verdict in verdicts.items()
        if verdict and verdict.findings
    ]


def _measures(verdicts: Sequence[Verdict]) -> Mapping[str, Sequence[Measure]]:
    return {verdict.dataset: verdict.measures for verdict in verdicts if verdict.measures}


def _usual_rows(lake: Lake, day: date) -> Mapping[str, float]:
    """By dataset, the median of the rows accepted in published nights of the same weekday, over eight weeks."""
    accepted: dict[str, list[int]] = defaultdict(list)
    for weeks in range(1, _WEEKS + 1):
        past = day - timedelta(weeks=weeks)
        if night_published(lake, past):
            for verdict in read_verdicts(lake, past):
                accepted[verdict.dataset].append(verdict.accepted)
    return {
        name: float(median(rows)) for name, rows in accepted.items() if len(rows) >= _ENOUGH_WEEKS
    }


def _seen_from(folder: Path, place: str) -> str:
    """A path as the page beside the lake links to it; a URL as it is."""
    return place if "://" in place else Path(os.path.relpath(place, folder)).as_posix()
