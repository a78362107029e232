"""What goes wrong, and when: a script of faults, the same for the same seed in any order of requests.

    {"match": {"operation": "mail_send"}, "kind": "server_error", "status": 503, "before_acceptance": false, "times": 2}

One JSON object a line; empty lines and lines that start with `#` are skipped.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from perennial import errors


class Provider(StrEnum):
    """Whom the emulator plays."""

    SENDGRID = "sendgrid"
    TWILIO = "twilio"


class Operation(StrEnum):
    """What a request asks of a provider."""

    MAIL_SEND = "mail_send"
    MAIL_BATCH = "mail_batch"
    SUPPRESSIONS = "suppressions"
    ACTIVITY = "activity"
    SCOPES = "scopes"
    TEXT_SEND = "text_send"
    TEXT_LIST = "text_list"
    TEXT_FETCH = "text_fetch"
    TEXT_CHANGE = "text_change"
    TEXT_ACCOUNT = "text_account"

    @property
    def provider(self) -> Provider:
        return Provider.TWILIO if self.value.startswith("text_") else Provider.SENDGRID


class FaultKind(StrEnum):
    """What the client gets to see."""

    RATE_LIMITED = "rate_limited"  # 429 with the moment at which it ends
    SERVER_ERROR = "server_error"  # `status`, 500 when none is given
    NO_ANSWER = "no_answer"  # silence; the connection is dropped after `seconds`
    RESET = "reset"  # the connection is reset
    TRUNCATED = "truncated"  # a whole HTTP answer with half of its JSON
    CUT = "cut"  # the connection ends in the middle of the body
    HTML = "html"  # a page where JSON should be; `status`, or the one of a success
    SLOW_BODY = "slow_body"  # headers at once, the body over `seconds`
    LATENCY = "latency"  # the right answer, `seconds` late; before acceptance, that is late as well
    REFUSED = "refused"  # `code`: an HTTP status at SendGrid, an error of the catalogue at Twilio


@dataclass(frozen=True, kw_only=True)
class Match:
    """Which requests a fault is meant for; what is not said matches everything."""

    operation: Operation | None = None
    key: str | None = None
    skip: int = 0

    def fits(self, operation: Operation, keys: Sequence[str]) -> bool:
        return self.operation in {None, operation} and self.key in {None, *keys}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    `before_acceptance`: the message is not taken on; otherwise it is, although the client sees a failure.
    `times`: so many requests; without it every one. `chance`: of the requests that match, this share,
    chosen by the seed, the message keys and how often these keys were tried.
    Without `seconds`, each kind has its own: see `playing.py`.
    """

    match: Match = field(default_factory=Match)
    kind: FaultKind
    before_acceptance: bool = True
    times: int | None = 1
    chance: float = 1.0
    seconds: float | None = None
    status: int | None = None
    code: int | None = None


class FaultScript:
    """Faults that are still to come; asked once before and once after a request is accepted."""

    def __init__(self, faults: Sequence[Fault] = (), *, seed: int = 0) -> None:
        self._seed = seed
        self._entries: list[_Entry] = []
        self._added = 0
        self.played = 0
        self.add(*faults)

    @property
    def empty(self) -> bool:
        return not self._entries

    def add(self, *faults: Fault) -> None:
        """Lets more go wrong from now on."""
        for fault in faults:
            self._entries.append(_Entry(fault, self._added))
            self._added += 1

    def clear(self) -> None:
        """Lets everything go well from now on."""
        self._entries.clear()

    def take(
        self, operation: Operation, keys: Sequence[str], *, before_acceptance: bool
    ) -> Fault | None:
        """The first fault that is due for this request at this moment."""
        for entry in self._entries:
            due = entry.fault.before_acceptance is before_acceptance
            if due and entry.fault.match.fits(operation, keys) and entry.strikes(self._seed, keys):
                self.played += 1
                return entry.fault
        return None


class _Entry:
    """One fault of a script, with what has become of it so far."""

    def __init__(self, fault: Fault, number: int) -> None:
        self.fault = fault
        self._number = number
        self._seen = 0
        self._played = 0
        self._tries: Counter[str] = Counter()

    def strikes(self, seed: int, keys: Sequence[str]) -> bool:
        if self.fault.times is not None and self._played >= self.fault.times:
            return False
        self._seen += 1
        if self._seen <= self.fault.match.skip or not self._drawn(seed, ",".join(keys)):
            return False
        self._played += 1
        return True

    def _drawn(self, seed: int, name: str) -> bool:
        if self.fault.chance >= 1:
            return True
        self._tries[name] += 1
        return draw(seed, self._number, name, self._tries[name]) < self.fault.chance


def draw(seed: int, *names: object) -> float:
    """A number in [0, 1) that depends on nothing but the seed and the names."""
    text = "\x1f".join(str(name) for name in (seed, *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest()) / 2**56


def read_faults(path: Path) -> Sequence[Fault]:
    """The faults of a file.

    Raises:
        DefinitionError: names every line that is wrong, and how.
    """
    read: list[Fault] = []
    wrong: list[errors.Fault] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                read.append(fault_of(json.loads(line)))
            except (ValueError, TypeError, KeyError) as error:
                wrong.append(errors.Fault(path=path, line=number, message=f"{error}."))
    if wrong:
        raise errors.DefinitionError(wrong)
    return read


def fault_of(entry: Mapping[str, Any]) -> Fault:
    """A fault as it is written in JSON.

    Raises:
        ValueError: a name or value is not one that faults have.
    """
    if not isinstance(entry, Mapping) or "kind" not in entry:
        message = f"a fault is an object with a `kind`: {', '.join(FaultKind)}"
        raise ValueError(message)
    match = dict(_known(entry.get("match", {}), Match))
    if "operation" in match:
        match["operation"] = Operation(match["operation"])
    values = {**_known(entry, Fault), "kind": FaultKind(entry["kind"]), "match": Match(**match)}
    return Fault(**values)


def _known(entry: Mapping[str, Any], kind: type[Fault | Match]) -> Mapping[str, Any]:
    names = [each.name for each in fields(kind)]
    for name in entry:
        if name not in names:
            message = f"`{name}` is not known here; known are {', '.join(names)}"
            raise ValueError(message)
    return entry
