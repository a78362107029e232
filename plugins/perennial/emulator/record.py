"""The truth that tests compare with: one line for everything that was accepted, written before the answer.

A line holds our key, hashes of recipient, subject and content, and the time; never an address or a word of the message.
A message that is accepted twice has two lines.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from perennial.errors import DefinitionError, Fault


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """One message to one recipient that a provider took on."""

    provider: str
    key: str
    message_id: str
    recipient: str
    subject: str
    content: str
    at: float
    arguments: Mapping[str, str] = field(default_factory=dict)


class Record:
    """Everything that was accepted, in memory and, when there is a path, as JSON lines."""

    def __init__(self, path: Path | None = None) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._file: int | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)

    def add(self, acceptances: Sequence[Acceptance]) -> None:
        """Takes note of what one request brought, in one write."""
        with self._lock:
            self._counts.update(each.key for each in acceptances)
        if self._file is not None:
            os.write(self._file, "".join(_line(each) for each in acceptances).encode())

    def add_keys(self, provider: str, keys: Sequence[str], message_id: str, *, at: float) -> None:
        """Takes note of keys alone: their acceptances have no hashes to compare."""
        with self._lock:
            self._counts.update(keys)
        if self._file is not None:
            common = {"provider": provider, "message_id": message_id, "at": at}
            empty = dict.fromkeys(("recipient", "subject", "content"), "")
            head = json.dumps(common | empty, separators=(",", ":"))[:-1]
            os.write(
                self._file, "".join(f'{head},"key":{json.dumps(k)}}}\n' for k in keys).encode()
            )

    def accepted(self) -> Counter[str]:
        """How often each key was accepted."""
        with self._lock:
            return Counter(self._counts)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def read_record(path: Path) -> Iterator[Acceptance]:
    """Every acceptance in a file, in the order in which they happened.

    Raises:
        DefinitionError: a line is not one that an emulator writes.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            # A line without its end is being written at this moment.
            if line.endswith("\n"):
                yield _acceptance(line, path, number)


def accepted_in(path: Path) -> Counter[str]:
    """How often each key was accepted, from the file of a record."""
    return Counter(each.key for each in read_record(path))


def digest(text: str) -> str:
    """A short hash: the same for the same text, and nothing to read in it."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def _line(acceptance: Acceptance) -> str:
    return json.dumps(vars(acceptance), separators=(",", ":")) + "\n"


def _acceptance(line: str, path: Path, number: int) -> Acceptance:
    try:
        return Acceptance(**json.loads(line))
    except (ValueError, TypeError):
        message = "This line is not one that an emulator writes."
        raise DefinitionError([Fault(path=path, line=number, message=message)]) from None
