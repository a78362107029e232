"""A lake in a folder: what is published is written beside its place and renamed, which every reader sees in one step."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import escape
from io import BufferedReader
from pathlib import Path

from perennial.errors import LakeError
from perennial.lake.stores import ReplacedMeanwhile

_ABANDONED_AFTER_SECONDS = 24 * 60 * 60
_SETTLED_AFTER_NANOSECONDS = 3_000_000_000


@dataclass(frozen=True)
class FolderStore:
    """A folder and what is in it. Nothing stands between its files and whoever reads them."""

    root: Path

    @property
    def filesystem(self) -> None:
        """DuckDB reads files by itself."""

    def location(self, name: str) -> str:
        return (self.root / name).as_posix()

    def stamp(self, name: str) -> str | None:
        return _stamp(f"{self.root}/{name}")

    def stamps(self, names: Sequence[str]) -> list[str | None]:
        root = str(self.root)
        return [_stamp(f"{root}/{name}") for name in names]

    def size(self, name: str) -> int:
        with suppress(FileNotFoundError):
            return (self.root / name).stat().st_size
        return 0

    def listing(
        self, dataset: str, wanted: Callable[[str], bool]
    ) -> Iterator[tuple[str, list[str]]]:
        root = (self.root / dataset).as_posix()
        for folder in _names_in(root):
            if wanted(folder):
                yield folder, _names_in(f"{root}/{folder}")

    def shape(self, dataset: str) -> Hashable | None:
        """The folders of its days and when each last changed: by a file that came, went or took another's place."""
        root = f"{self.root}/{dataset}"
        try:
            found = [(day, os.stat(f"{root}/{day}").st_mtime_ns) for day in _names_in(root)]  # noqa: PTH116 - as in _stamp
        except FileNotFoundError:
            return None
        # A clock ticks a few hundred times a second, on some file systems once: two changes may bear one time.
        settled = time.time_ns() - _SETTLED_AFTER_NANOSECONDS
        return tuple(found) if all(changed < settled for _, changed in found) else None

    def open(self, name: str) -> BufferedReader:
        return (self.root / name).open("rb")

    def read(self, name: str) -> str | None:
        try:
            return (self.root / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    @contextmanager
    def publishing(self, name: str, label: str, *, replacing: str | None = None) -> Iterator[Path]:
        final = self.root / name
        draft = final.with_name(f".{final.name}.{uuid.uuid4().hex}.tmp")
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            _sweep(final)
            yield draft
            _sync(draft)
            if replacing is not None and self.stamp(name) != replacing:
                raise ReplacedMeanwhile
            draft.replace(final)
            _sync(final.parent)
        except OSError as error:
            msg = f"{label} cannot be published: {error.strerror or error}. What was there before is unchanged."
            raise LakeError(msg) from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def move(self, source: str, target: str) -> None:
        path = self.root / target
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            (self.root / source).replace(path)
            _sync(path.parent)
        except OSError as error:
            msg = f"{source} cannot be made {target}: {error.strerror}."
            raise LakeError(msg) from error

    def remove(self, name: str) -> None:
        path = self.root / name
        try:
            path.unlink(missing_ok=True)
            with suppress(OSError):  # something else is in it
                path.parent.rmdir()
        except OSError as error:
            msg = f"{name} cannot be removed: {error.strerror}."
            raise LakeError(msg) from error

    def try_out(self) -> None:
        draft = self.root / f".doctor.{uuid.uuid4().hex}.tmp"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(b"")
            draft.replace(draft.with_suffix(".done"))
            draft.with_suffix(".done").unlink()
        except OSError as error:
            msg = f"The lake's folder cannot be written: {error.strerror}."
            raise LakeError(msg) from error


def _stamp(path: str) -> str | None:
    """A year of nights is asked for with each page about a person."""
    try:
        found = os.stat(path)  # noqa: PTH116 - pathlib takes three times as long
    except FileNotFoundError:
        return None
    return f"{found.st_size} {found.st_mtime_ns}"


def _sweep(final: Path) -> None:
    """Removes what a killed process left behind; a draft of today may still be in the making."""
    for draft in final.parent.glob(f".{escape(final.name)}.*.tmp"):
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                draft.unlink()


def _names_in(folder: str) -> list[str]:
    """What lies in a folder; nothing when there is none. Years of nights are listed many times a night."""
    try:
        return os.listdir(folder)  # noqa: PTH208 - pathlib takes ten times as long
    except FileNotFoundError:
        return []


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
