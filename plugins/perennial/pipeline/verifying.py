"""Is last night usable? Rows that pass become the truth of the day, rows that do not are put aside with the reason.

`validate_…` writes to checked/ and quarantine/ only; `publish_night` moves all datasets from checked/ to verified/ at
once, unless a check stopped the night. A night that was stopped, or never validated, is looked at again together with
the next one, so that a correction in the shop heals it; what was extracted is never changed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, partial
from itertools import chain
from pathlib import Path

from perennial.errors import MissingPartition, NightStopped
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.model.datasets import SHOP_DATASETS, Dataset
from perennial.model.shop import Shop
from perennial.pipeline.closed_days import Calendar, calendar_of_night
from perennial.pipeline.learning import keep_figures, past_of
from perennial.validation.judging import judge_rows
from perennial.validation.night_rows import NightRows, looks_back
from perennial.validation.putting_aside import PLACE, nothing_put_aside, put_aside
from perennial.validation.suites import Rule, load_suite
from perennial.validation.usual import Past, Trade
from perennial.validation.verdicts import CLOSED_DAY, Verdict, as_text, verdict_from_json
from perennial.validation.vocabulary import REFERENCES, parameters_for

VERDICTS = "verdicts"
_RECENT = timedelta(days=7)


def validate_night(engine: Engine, day: date, shop: Shop, suites: Path) -> list[Verdict]:
    """Checks every dataset of a night; nothing is published yet.

    Raises:
        MissingPartition: the night has not been extracted.
        SuiteError: a suite is wrong, or cannot be evaluated.
    """
    night = _Night(engine=engine, day=day, shop=shop, suites=suites)
    return [night.validate(SHOP_DATASETS[name], keep=True) for name in REFERENCES]


def validate_dataset(
    engine: Engine, dataset: Dataset, day: date, shop: Shop, suites: Path
) -> Verdict:
    """Checks one dataset of a night, and for its references what it refers to; may run beside the others.

    Raises:
        MissingPartition: the night has not been extracted.
        SuiteError: a suite is wrong, or cannot be evaluated.
    """
    return _Night(engine=engine, day=day, shop=shop, suites=suites).validate(dataset, keep=True)


def judge(verdicts: Sequence[Verdict]) -> None:
    """Lets a night pass.

    Raises:
        NightStopped: says in one sentence each which rule stops it, and how many rows break it.
    """
    stops = [verdict for verdict in verdicts if verdict.stopped]
    if stops:
        why = " ".join(verdict.sentence for verdict in stops)
        msg = (
            f"The night of {stops[0].day} is stopped: {why} Nothing was published and nothing is sent."
            " Correct the data in the shop: the next night looks at these rows again. If the data is right, release"
            f" it: perennial release --day {stops[0].day} --reason …"
        )
        raise NightStopped(msg)


def publish_night(engine: Engine, day: date, *, released: bool = False) -> dict[str, int]:
    """Makes the validated rows of a night the truth of the day and returns how many there are of each dataset.

    With `released`, a person takes the responsibility for a night that a check stopped; rows that broke a rule stay
    put aside.

    Raises:
        MissingPartition: a dataset of the night has not been validated.
        NightStopped: a check stopped the night; verified/ is untouched.
    """
    lake, verdicts = engine.lake, read_verdicts(engine.lake, day)
    if missing := REFERENCES.keys() - {verdict.dataset for verdict in verdicts}:
        msg = f"The night of {day} is not validated: {', '.join(sorted(missing))}. Run: perennial night --day {day}"
        raise MissingPartition(msg)
    days = days_to_verify(engine, day)
    _note_night(lake, day, days, published=False)
    if not released:
        judge(verdicts)
    for name in REFERENCES:
        verified = Partition(dataset=f"verified/{name}", day=day)
        checked = _checked(SHOP_DATASETS[name], day)
        if lake.exists(checked) or not lake.exists(
            verified
        ):  # else a run that broke off here has moved it
            lake.move(checked, verified)
    _note_night(lake, day, days, published=True)
    for verdict in verdicts:
        teaches = days == [day] and _has_begun(lake, verdict.dataset, day)
        keep_figures(lake, verdict.dataset, day, verdict.figures, teaches=teaches)
    return {verdict.dataset: verdict.accepted for verdict in verdicts}


def night_published(lake: Lake, day: date) -> bool:
    """Whether the rows of a night are the truth of its day."""
    text = lake.read_record(_record("night", day))
    return bool(text and json.loads(text)["published"])


def verdict_place(lake: Lake, name: str, day: date) -> str:
    """Path or URL of everything that the checks said about a dataset of a night."""
    return lake.record_location(_record(name, day))


def read_verdicts(lake: Lake, day: date) -> list[Verdict]:
    """What the checks of a night found, dataset by dataset; empty when it was not validated."""
    records = (lake.read_record(_record(name, day)) for name in REFERENCES)
    return [verdict_from_json(json.loads(text)) for text in records if text]


@dataclass(kw_only=True)
class _Night:
    """The validation of one night; a dataset that others refer to is judged once."""

    engine: Engine
    day: date
    shop: Shop
    suites: Path
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    def validate(self, dataset: Dataset, *, keep: bool) -> Verdict:
        """Judges a dataset after those it refers to; with `keep`, writes what came of it to the lake."""
        for name in REFERENCES[dataset.name]:
            if name not in self.verdicts:
                self.validate(SHOP_DATASETS[name], keep=False)
        suite = load_suite(self.suites, dataset, parameters_for(self.shop, self.day))
        if not keep:
            # Asked for by a dataset that refers to it: all that counts is which rows are accepted.
            suite = suite.putting_aside()
        self._open(dataset, wait=max((rule.retry_nights or 0 for rule in suite.rules), default=0))
        earlier = partial(self._open_earlier, dataset)
        rows = NightRows(self.engine, dataset, self.day, self.shop.zone, open_earlier=earlier)
        verdict = judge_rows(
            rows,
            suite,
            self.day,
            lambda rule: self._nights_before(dataset, rule),
            self._past(dataset) if keep else None,
            trade=self._trade,
        )
        self.verdicts[dataset.name] = verdict
        if any(dataset.name in references for references in REFERENCES.values()):
            self._remember_accepted(dataset)
        if keep:
            self._write(dataset, verdict, some_failed=rows.some_failed)
        rows.close()
        return verdict

    def _past(self, dataset: Dataset) -> Past:
        return past_of(
            self.engine.lake,
            dataset.name,
            self.day,
            days=sorted(self._days),
            calendar=self._calendar,
        )

    @cached_property
    def _calendar(self) -> Calendar:
        return calendar_of_night(self.engine.lake, self.day, self.shop)

    @property
    def _trade(self) -> Trade:
        """How the shop traded: a night that takes in an open day, too, has to bring what that day should."""
        tonight = self._calendar.trade(self.day)
        others = {self._calendar.trade(day) for day in self._days}
        return Trade.USUAL if tonight is Trade.CLOSED and others != {tonight} else tonight

    @cached_property
    def _days(self) -> set[date]:
        return set(days_to_verify(self.engine, self.day))

    def _open(self, dataset: Dataset, *, wait: int) -> None:
        """Makes the views that the night's rows are made from; rows wait for so many nights at most."""
        lake, yesterday = self.engine.lake, self.day - timedelta(days=1)
        texts = dict.fromkeys(dataset.column_names, "varchar")
        raw = lake.partitions(f"raw/{dataset.name}", since=min(self._days), until=self.day)
        if not any(partition.day == self.day for partition in raw):
            msg = f"The lake has no raw/{dataset.name} of {self.day}. Run: perennial night --day {self.day}"
            raise MissingPartition(msg)
        self.engine.stack("said", texts, [p for p in raw if p.day in self._days])
        since = self.day - timedelta(days=wait)
        aside = lake.partitions(f"quarantine/{dataset.name}", since=since, until=yesterday)
        candidates = [p for p in aside if p.day not in self._days]
        self.engine.stack("waiting", texts | {"retry_until": "date"}, candidates, alike=True)
        if looks_back(dataset):
            types = {c.name: c.type for c in dataset.columns}
            verified, week = f"verified/{dataset.name}", self.day - _RECENT
            lately = lake.partitions(verified, since=week, until=yesterday)
            self.engine.stack("recent", types, lately, alike=True)

    def _open_earlier(self, dataset: Dataset) -> None:
        """Makes the keys that earlier nights have accepted readable as `earlier_…`."""
        yesterday, known = self.day - timedelta(days=1), self.engine.learned("verified")
        before: list[Partition] = known.get(dataset.name, [])
        since = before[-1].day + timedelta(days=1) if before else None
        later = self.engine.lake.partitions(
            f"verified/{dataset.name}", since=since, until=yesterday
        )
        known[dataset.name] = [*before, *later]
        keys = {c.name: c.type for c in dataset.columns if c.name in (*dataset.key, "updated_at")}
        self.engine.stack(
            f"earlier_{dataset.name}", keys, [*before, *later], alike=True, grows=True
        )

    def _nights_before(self, dataset: Dataset, rule: Rule) -> int:
        """In how many nights right before this one a rule failed; closed days are passed over."""
        nights, day = 0, self.day
        while nights < (rule.stop_after_nights or 0):
            day -= timedelta(days=1)
            text = self.engine.lake.read_record(_record(dataset.name, day))
            found = {f.rule for f in verdict_from_json(json.loads(text)).findings} if text else ()
            if rule.name in found:
                nights += 1
            elif CLOSED_DAY not in found:
                break
        return nights

    def _remember_accepted(self, dataset: Dataset) -> None:
        """Tonight's accepted keys and all earlier ones, for the datasets that refer to this one."""
        name, key = dataset.name, dataset.key[0]
        self._open_earlier(dataset)
        self.engine.execute(
            f"create or replace table accepted_{name} as"
            f" select {key} from judged_rows anti join failed_rows using (row_no)"
        )
        self.engine.execute(
            f"create or replace view known_{name} as"
            f" select {key} from accepted_{name} union all select {key} from earlier_{name}"
        )

    def _write(self, dataset: Dataset, verdict: Verdict, *, some_failed: bool) -> None:
        columns = ", ".join(f'"{name}"' for name in dataset.column_names)
        self.engine.publish(
            _checked(dataset, self.day),
            f"select {columns} from judged_rows anti join failed_rows using (row_no)",
            order_by=", ".join(dataset.key),
        )
        self.engine.publish(
            Partition(dataset=f"quarantine/{dataset.name}", day=self.day),
            put_aside(dataset) if some_failed else nothing_put_aside(dataset),
            order_by=", ".join(PLACE),
        )
        self.engine.lake.write_record(_record(dataset.name, self.day), as_text(verdict.as_json()))


def days_to_verify(engine: Engine, day: date) -> list[date]:
    """The day, and every extracted day before it that no published night has taken in."""
    lake, taken = engine.lake, _days_taken_before(engine, day)
    found = (lake.days(f"raw/{name}", lambda d: d < day and d not in taken) for name in REFERENCES)
    return sorted({day, *chain.from_iterable(found)})


def _days_taken_before(engine: Engine, day: date) -> set[date]:
    """The days that published nights before this one have taken in."""
    known: dict[date, list[date]] = engine.learned("days taken in")
    lake = engine.lake
    for night in lake.record_days(VERDICTS, lambda d: d < day and d not in known):
        plain = json.loads(lake.read_record(_record("night", night)) or "{}")
        if plain.get("published"):
            known[night] = [date.fromisoformat(each) for each in plain["days"]]
    return {each for night, days in known.items() if night < day for each in days}


def _has_begun(lake: Lake, dataset: str, day: date) -> bool:
    """Whether a night before this one has brought the dataset's past."""
    return lake.latest(f"verified/{dataset}", until=day - timedelta(days=1)) is not None


def _note_night(lake: Lake, day: date, days: Sequence[date], *, published: bool) -> None:
    plain = {
        "day": day.isoformat(),
        "published": published,
        "days": [d.isoformat() for d in days],
    }
    lake.write_record(_record("night", day), as_text(plain))


def _checked(dataset: Dataset, day: date) -> Partition:
    return Partition(dataset=f"checked/{dataset.name}", day=day)


def _record(name: str, day: date) -> Partition:
    return Partition(dataset=VERDICTS, day=day, name=name)
