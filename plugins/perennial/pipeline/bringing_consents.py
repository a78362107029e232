"""Consents that a shop collected elsewhere, brought in from a CSV file: each row checked, each kept with where it came from."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa

from perennial.errors import SourceError
from perennial.lake.duck import Engine
from perennial.lake.partitions import Partition
from perennial.ledger.store import ConsentEntry, Ledger
from perennial.model.clock import local_instant
from perennial.model.datasets import CONTACTS, CUSTOMER_FEATURES
from perennial.model.policy import Policy
from perennial.model.words import Channel, ConsentSource, ConsentState, Topic

REQUIRED = ("customer_id", "channel", "topic", "state", "at")
"""The columns that a file must have."""

OPTIONAL = ("wording", "proof")
"""Those that it may have."""

_CHUNK = 5_000
_LONGEST_WORDING = 64
_LONGEST_PROOF = 255
_LISTS: Mapping[str, Sequence[Channel | Topic | ConsentState]] = {
    "channel": tuple(Channel),
    "topic": tuple(Topic),
    "state": (ConsentState.GRANTED, ConsentState.WITHDRAWN),
}


@dataclass(frozen=True, kw_only=True)
class PutAside:
    """A line of the file that was not taken, and why; it says nothing of what the line holds."""

    line: int
    reason: str


@dataclass(kw_only=True)
class Brought:
    """What became of a file's rows; of those taken, some have yet to be confirmed."""

    taken: int = 0
    pending: int = 0
    aside: list[PutAside] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        aside = [{"line": each.line, "reason": each.reason} for each in self.aside]
        return {"taken": self.taken, "pending": self.pending, "put_aside": aside}


@dataclass(frozen=True, kw_only=True)
class Import:
    """Who brings in which file, when, by which clock its times without a zone are meant, and what must be confirmed."""

    file: Path
    by: str
    zone: ZoneInfo
    now: datetime
    policy: Policy = field(default_factory=Policy)


class _Known(NamedTuple):
    """What the night knows of an account."""

    person_id: str
    country: str | None


def bring_in_consents(
    engine: Engine, ledger: Ledger, given: Import, *, known_on: Partition
) -> Brought:
    """Records every row that is right, and puts the others aside; bringing in the same file again changes nothing.

    `known_on` are the features of the night by which customers are known.

    Raises:
        SourceError: the file cannot be read, or lacks a column; nothing was recorded.
        MissingPartition: that night has not been that far.
        LedgerError: a chunk could not be recorded; those before it are. Bring the file in again.
    """
    engine.view(CUSTOMER_FEATURES.name, known_on)
    engine.view(CONTACTS.name, Partition(dataset=CONTACTS.name, day=known_on.day))
    brought = Brought()
    for rows in _chunks(_rows(given.file)):
        people = _people(engine, rows)
        entries = []
        for line, row in rows:
            try:
                entries.append(_entry(row, line, people, given))
            except ValueError as reason:
                brought.aside.append(PutAside(line=line, reason=str(reason)))
        ledger.record_consents(entries, recorded_at=given.now)
        brought.taken += len(entries)
        brought.pending += sum(entry.state is ConsentState.PENDING for entry in entries)
    return brought


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each row with its last line in the file, which is where an editor shows it."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True, restkey="more", restval="")
            _check_columns(file, reader.fieldnames or [])
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no CSV file in UTF-8"
        msg = f"The consents of {file} cannot be read: {why}."
        raise SourceError(msg) from error


def _check_columns(file: Path, found: Iterable[str]) -> None:
    named = list(found)
    missing = [name for name in REQUIRED if name not in named]
    strange = [name for name in named if name not in (*REQUIRED, *OPTIONAL)]
    if missing or strange or len(set(named)) < len(named):
        msg = (
            f"{file} does not have the columns of consents: it must have {', '.join(REQUIRED)}, may have"
            f" {', '.join(OPTIONAL)}, each once and no others. Missing: {', '.join(missing) or 'none'};"
            f" not known: {len(strange)}."
        )
        raise SourceError(msg)


def _chunks(
    rows: Iterator[tuple[int, Mapping[str, str]]],
) -> Iterator[list[tuple[int, Mapping[str, str]]]]:
    chunk = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    yield chunk


def _people(engine: Engine, rows: Iterable[tuple[int, Mapping[str, str]]]) -> Mapping[str, _Known]:
    """The person behind each account that the last night knows, and their country."""
    asked = sorted({row["customer_id"].strip() for _, row in rows})
    engine.register("asked", pa.table({"customer_id": pa.array(asked, pa.string())}))
    found = engine.rows(
        f"select customer_id, person_id, c.country from {CUSTOMER_FEATURES.name} join asked using (customer_id)"
        f" left join {CONTACTS.name} as c using (customer_id)"
    )
    return {row["customer_id"]: _Known(row["person_id"], row["country"]) for row in found}


def _entry(
    row: Mapping[str, str], line: int, people: Mapping[str, _Known], given: Import
) -> ConsentEntry:
    """A row as the ledger keeps it.

    Raises:
        ValueError: it is wrong; says how.
    """
    if "more" in row:
        msg = "more fields than columns"
        raise ValueError(msg)
    customer_id = row["customer_id"].strip()
    if customer_id not in people:
        msg = "no such customer on the last night"
        raise ValueError(msg)
    words = {name: _word(name, row[name]) for name in _LISTS}
    at = _instant(row["at"], given)
    if _must_confirm(words, at, people[customer_id], given):
        words["state"] = ConsentState.PENDING
    return ConsentEntry(
        person_id=people[customer_id].person_id,
        customer_id=customer_id,
        **words,
        at=at,
        how=ConsentSource.IMPORT,
        wording=_text(row, "wording", _LONGEST_WORDING),
        proof=_text(row, "proof", _LONGEST_PROOF) or _provenance(line, given),
    )


def _must_confirm(words: Mapping[str, Any], at: datetime, known: _Known, given: Import) -> bool:
    rule = given.policy.double_opt_in
    return (
        rule is not None
        and words["channel"] is Channel.EMAIL
        and words["state"] is ConsentState.GRANTED
        and at >= local_instant(rule.starts_on, time(), given.zone)
        and known.country is not None
        and rule.concerns(known.country)
    )


def _word(name: str, told: str) -> Any:  # noqa: ANN401 - a word of the column's list
    words = {str(word): word for word in _LISTS[name]}
    if (found := words.get(told.strip().lower())) is None:
        msg = f"{name} is none of {', '.join(words)}"
        raise ValueError(msg)
    return found


def _instant(told: str, given: Import) -> datetime:
    try:
        moment = datetime.fromisoformat(told.strip())
    except ValueError:
        msg = "at is no date or time such as 2026-03-14 or 2026-03-14T09:30:00+02:00"
        raise ValueError(msg) from None
    at = (moment if moment.tzinfo else moment.replace(tzinfo=given.zone)).astimezone(UTC)
    if at > given.now:
        msg = "at lies in the future"
        raise ValueError(msg)
    return at


def _text(row: Mapping[str, str], name: str, longest: int) -> str | None:
    told = (row.get(name) or "").strip()
    if len(told) > longest or not told.isprintable():
        msg = f"{name} is longer than {longest} signs or cannot be printed"
        raise ValueError(msg)
    return told or None


def _provenance(line: int, given: Import) -> str:
    return f"{given.file.name[-128:]}, line {line}, by {given.by[:64]}"
