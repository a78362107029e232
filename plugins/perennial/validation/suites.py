"""Suites of expectations: Great Expectations' own JSON, with what follows from a failure in each entry's `meta`.

`meta` of an expectation:
    rule               its name, unique in the suite; becomes the reason of quarantined rows
    on_failure         warn, quarantine or stop; for an audience, warn or hold
    sentence, owner    for people: what holds, and who can set it right
    stop_above         share of the night's rows beyond which the night stops after all
    stop_from_rows     … and the number of rows from which that share means something
    stop_after_nights  a rule about the whole dataset stops when it failed so many nights in a row
    retry_nights       rows put aside by such rules alone are looked at again for so many nights
    campaigns          in the suite of the audience: the rule is for these campaigns alone
A rule is about rows, or about a figure of the night, whose bounds may come from the past (usual.py).
`severity` follows from on_failure, so that other tools for Great Expectations rank it alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

from cachetools import LRUCache, cached

from perennial.errors import Fault, SuiteError
from perennial.model.datasets import Dataset
from perennial.validation.located_json import read_located
from perennial.validation.suite_entries import EntryMistake, columns_in, nearest, read_entry
from perennial.validation.usual import FromHistory
from perennial.validation.verdicts import Action
from perennial.validation.vocabulary import AUDIENCE, EXAMPLES, SUITES, columns_of

_FOR_ROWS = frozenset({Action.WARN, Action.QUARANTINE, Action.STOP})
_FOR_AUDIENCES = frozenset({Action.WARN, Action.HOLD})


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One expectation and what follows when it is not met."""

    name: str
    type: str
    kwargs: Mapping[str, Any]
    action: Action
    sentence: str
    owner: str
    line: int
    figure: str | None = None
    campaigns: tuple[str, ...] = ()
    stop_above: float | None = None
    stop_from_rows: int = 1
    stop_after_nights: int | None = None
    retry_nights: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return columns_in(self.kwargs)

    @property
    def learns(self) -> bool:
        """Whether a bound of the rule comes from the past."""
        return any(isinstance(bound, FromHistory) for bound in self.kwargs.values())

    @property
    def mostly(self) -> float:
        """The share of values that must fit."""
        return float(self.kwargs.get("mostly", 1))

    def consequence(self, failed_rows: int, rows: int) -> Action:
        """What follows when so many of the night's rows fail."""
        beyond = self.stop_above is not None and failed_rows > self.stop_above * rows
        return Action.STOP if beyond and failed_rows >= self.stop_from_rows else self.action


@dataclass(frozen=True, kw_only=True)
class Suite:
    """What must hold for one dataset."""

    dataset: Dataset
    path: Path
    rules: tuple[Rule, ...]

    def about_rows(self) -> Suite:
        """The same with the rules that Great Expectations judges."""
        return replace(self, rules=tuple(rule for rule in self.rules if not rule.figure))

    def putting_aside(self) -> Suite:
        """The same with the rules that decide which rows are accepted, and nothing that people are only told."""
        rules = (r for r in self.rules if r.action is not Action.WARN and not r.figure)
        return replace(self, rules=tuple(rules))

    def about_figures(self) -> tuple[Rule, ...]:
        """The rules about what the whole night comes to."""
        return tuple(rule for rule in self.rules if rule.figure)


def load_suite(folder: Path, dataset: Dataset, parameters: Mapping[str, Any]) -> Suite:
    """The suite of a dataset with the parameters of a night filled in.

    Raises:
        SuiteError: carries every fault of the file.
    """
    located = read_located(folder / f"{dataset.name}.json")
    entries = located.content["expectations"]
    rules: dict[str, Rule] = {}
    faults = _faults_of_whole(located.path, located.content, dataset)
    for entry, line in zip(entries, located.lines, strict=True):
        try:
            rule = Rule(line=line, **read_entry(entry, columns_of(dataset), parameters))
        except EntryMistake as mistake:
            faults.append(_fault(located.path, line, str(mistake), mistake.hint))
            continue
        faults += _out_of_place(located.path, rule, dataset)
        if rule.name in rules:
            first = rules[rule.name].line
            faults.append(
                _fault(located.path, line, f"rule `{rule.name}` is already on line {first}.")
            )
        rules.setdefault(rule.name, rule)
    if faults:
        raise SuiteError(faults)
    return Suite(dataset=dataset, path=located.path, rules=tuple(rules.values()))


def check_suites(folder: Path) -> list[Fault]:
    """Every fault of the suites in a folder, found without data."""
    faults: list[Fault] = []
    for dataset in SUITES.values():
        path = folder / f"{dataset.name}.json"
        faults += [replace(f, path=path) for f in _faults_of(folder, dataset, _said(path))]
    for path in sorted(folder.glob("*.json")):
        if path.stem not in SUITES:
            hint = nearest(path.stem, SUITES)
            faults.append(Fault(path=path, message="the shop has no such dataset.", hint=hint))
    return faults


def _said(path: Path) -> bytes | str | None:
    """What a file says, or why it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        return error.strerror


@cached(LRUCache(64), key=lambda _, dataset, text: (dataset.name, text), lock=Lock())
def _faults_of(folder: Path, dataset: Dataset, text: bytes | str | None) -> Sequence[Fault]:  # noqa: ARG001 - the cache's key
    """Found once for each text: whoever edits a campaign has the suites checked again and again."""
    from perennial.validation.expecting import faults_of_expectations

    try:
        return faults_of_expectations(load_suite(folder, dataset, EXAMPLES).about_rows())
    except SuiteError as error:
        return error.faults


def _out_of_place(path: Path, rule: Rule, dataset: Dataset) -> list[Fault]:
    """What a rule asks for that its kind of suite does not have."""
    allowed = _FOR_AUDIENCES if dataset is AUDIENCE else _FOR_ROWS
    faults = []
    if rule.action not in allowed:
        msg = f"on_failure `{rule.action}` is not for the suite of {dataset.name}."
        faults.append(_fault(path, rule.line, msg, f"Known: {', '.join(sorted(allowed))}."))
    if rule.campaigns and dataset is not AUDIENCE:
        msg = "meta.campaigns goes with the suite of the audience."
        faults.append(_fault(path, rule.line, msg))
    if rule.stop_after_nights and dataset is AUDIENCE:
        msg = "meta.stop_after_nights is for datasets: an audience is held at once."
        faults.append(_fault(path, rule.line, msg))
    return faults


def _faults_of_whole(path: Path, content: Mapping[str, Any], dataset: Dataset) -> list[Fault]:
    faults = []
    if content.get("name") != dataset.name:
        faults.append(_fault(path, 1, f"`name` must be `{dataset.name}`, as the file is called."))
    if not content["expectations"]:
        faults.append(_fault(path, 1, "the suite is empty: it would pass any data."))
    return faults


def _fault(path: Path, line: int, message: str, hint: str | None = None) -> Fault:
    return Fault(path=path, line=line, message=message, hint=hint)
