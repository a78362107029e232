"""Good nights of the sample shop: ninety in a row, and one more whose rows can be spoiled.

The shop is one that reads its customers and consents whole each night, as a shop does whose tables do not say what
changed, and that writes every three hundredth product anew each day; so each dataset has a past of full nights.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from defects.entries import Defect, Night
from night_samples import SUITES
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import CONSENTS, CUSTOMERS, PRODUCTS, SHOP_DATASETS, Dataset
from perennial.pipeline.extracting import Source, extract_night
from perennial.pipeline.verifying import publish_night, validate_night
from perennial.sample.loading import load_sample
from perennial.settings import PROJECT, Settings
from perennial.sources.shop_file import read_shop
from perennial.steps.services import services
from perennial.validation.verdicts import Action, Finding, Verdict

FIRST = date(2017, 4, 7)
CLEAN_NIGHTS = 90
DAY = FIRST + timedelta(days=CLEAN_NIGHTS + 1)
HOUSEHOLDS = 300
_TOUCHED = 300
_RECORD = "nights.json"


@dataclass(frozen=True, kw_only=True)
class WholeTables:
    """The sample shop, read as this module says."""

    source: Source
    products: pa.Table

    @classmethod
    def of(cls, source: Source) -> WholeTables:
        batches = source.extract(PRODUCTS, since=None, until=datetime(2018, 1, 1, tzinfo=UTC))
        return cls(source=source, products=pa.Table.from_batches(list(batches)))

    def extract(
        self, dataset: Dataset, *, since: datetime | None, until: datetime, chunk_rows: int = 50_000
    ) -> Iterator[pa.RecordBatch]:
        if since is None or dataset not in {CUSTOMERS, CONSENTS, PRODUCTS}:
            yield from self.source.extract(dataset, since=since, until=until, chunk_rows=chunk_rows)
        elif dataset is PRODUCTS:
            yield from self._touched(until).to_batches()
        else:
            yield from self.source.extract(dataset, since=None, until=until, chunk_rows=chunk_rows)

    def _touched(self, until: datetime) -> pa.Table:
        numbers = range(until.toordinal() % _TOUCHED, len(self.products), _TOUCHED)
        rows = self.products.take(pa.array(numbers))
        moment = (until - timedelta(hours=9)).isoformat()
        column = rows.schema.get_field_index("updated_at")
        return rows.set_column(column, "updated_at", pa.array([moment] * len(rows), pa.string()))


def run_clean_nights(home: Path) -> None:
    """Lets the shop's past and ninety nights pass, publishes each, and notes what the checks said of them."""
    home.mkdir(parents=True)
    load_sample(home / "shop.db", households=HOUSEHOLDS)
    with services(Settings(home=home)) as perennial:
        source = WholeTables.of(perennial.source)
        noted = []
        for number in range(CLEAN_NIGHTS + 2):
            day = FIRST + timedelta(days=number)
            for dataset in SHOP_DATASETS.values():
                extract_night(source, perennial.engine.lake, dataset, day, perennial.shop.zone)
            if day == DAY:
                break
            verdicts = validate_night(perennial.engine, day, perennial.shop, SUITES)
            publish_night(perennial.engine, day, released=True)
            noted.append(_noted(day, verdicts))
    (home / _RECORD).write_text(json.dumps(noted), encoding="utf-8")


def clean_nights(home: Path) -> list[dict[str, list[str]]]:
    """What the checks said of each of the ninety nights: findings by action."""
    noted: list[dict[str, list[str]]] = json.loads((home / _RECORD).read_text(encoding="utf-8"))
    return noted[1:]


def _noted(day: date, verdicts: list[Verdict]) -> dict[str, list[str]]:
    found = [finding for verdict in verdicts for finding in verdict.findings]
    by_action = {
        str(action): [
            f"{day} {f.dataset} {f.rule} {f.failed_rows}" for f in found if f.action is action
        ]
        for action in (Action.STOP, Action.QUARANTINE, Action.WARN)
    }
    return by_action | {"put aside": [v.dataset for v in verdicts for _ in range(v.quarantined)]}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the checks say of a night: findings by dataset and rule, and rows put aside by dataset and reason."""

    findings: dict[tuple[str, str], Finding]
    aside: Counter[tuple[str, str]]
    verdicts: list[Verdict]


class SpoiledNights:
    """The night after the ninety, judged again and again with other rows."""

    def __init__(self, lake: Path) -> None:
        self._engine = Engine(Lake(lake))
        self._shop = read_shop(PROJECT / "shop.yaml")
        self._tables = {name: pq.read_table(self._raw(name)) for name in SHOP_DATASETS}
        before = {name: self._raw(name, DAY - timedelta(days=1)) for name in SHOP_DATASETS}
        self._night = Night(
            rows={name: table.to_pylist() for name, table in self._tables.items()},
            yesterday={name: pq.read_table(path).to_pylist() for name, path in before.items()},
        )
        self.good = self._judge()

    def close(self) -> None:
        self._engine.close()

    def judge(self, defect: Defect) -> Judged:
        """What the checks say of the night with a defect, beyond what they say of it without."""
        night = deepcopy(self._night)
        defect.seed(night)
        changed = [name for name in SHOP_DATASETS if night.rows[name] != self._night.rows[name]]
        assert changed, "the defect changes nothing"
        for name in changed:
            rows = pa.Table.from_pylist(night.rows[name], schema=self._tables[name].schema)
            pq.write_table(rows, self._raw(name))
        try:
            found = self._judge(closed=night.closed)
        finally:
            for name in changed:
                pq.write_table(self._tables[name], self._raw(name))
        return Judged(
            findings={
                key: finding
                for key, finding in found.findings.items()
                if not _same(finding, self.good.findings.get(key))
            },
            aside=found.aside - self.good.aside,
            verdicts=found.verdicts,
        )

    def _judge(self, *, closed: bool = False) -> Judged:
        eve = (str(DAY - timedelta(days=1)),) if closed else ()
        shop = replace(self._shop, closed_days=eve)
        verdicts = validate_night(self._engine, DAY, shop, SUITES)
        aside: Counter[tuple[str, str]] = Counter()
        for name in SHOP_DATASETS:
            path = self._engine.lake.path(Partition(dataset=f"quarantine/{name}", day=DAY))
            aside.update((name, reason) for reason in pq.read_table(path)["reason"].to_pylist())
        findings = {(f.dataset, f.rule): f for v in verdicts for f in v.findings}
        return Judged(findings=findings, aside=aside, verdicts=verdicts)

    def _raw(self, name: str, day: date = DAY) -> Path:
        (partition,) = [
            p for p in self._engine.lake.partitions(f"raw/{name}", until=day) if p.day == day
        ]
        return self._engine.lake.path(partition)


def _same(finding: Finding, usual: Finding | None) -> bool:
    """Whether the night without the defect is told of the same, of as many rows or more."""
    return (
        usual is not None
        and finding.action is usual.action
        and finding.failed_rows <= usual.failed_rows
    )
