"""A lake in object storage, by fsspec: s3://bucket/prefix.

A partition is written on this machine first and then put as one object. A put is there when it is finished, and not
before: whoever is killed in the middle has changed nothing. What was read of an object while it was replaced is an
error, never a mixture of two.
"""

from __future__ import annotations

import shutil
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec import AbstractFileSystem, get_fs_token_paths

from perennial.errors import LakeError, SettingsError
from perennial.lake.object_reading import (
    ObjectFiles,
    ObjectReader,
    Remembered,
    explained_by_store,
    info_of,
    stamp_of,
)
from perennial.lake.putting_if import put_if
from perennial.lake.spilling import own_folder
from perennial.lake.stores import ReplacedMeanwhile

SCHEMES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss")
"""Stores in which a put is whole or nothing. On a file server it is not; there the lake belongs into a folder."""

# Parts of 16 MB, four at once, keep what an upload takes of memory below what a night has.
_UPLOADS: Mapping[str, dict[str, Any]] = {
    "s3": {"chunksize": 16 * 2**20, "max_concurrency": 4},
    "abfs": {"overwrite": True},
}
_FEW = 3
_AT_ONCE = 8 * 2**20


class ObjectStore:
    """Objects below a URL. Whose rights it uses, and which server it asks, the store's own client finds out."""

    def __init__(self, url: str, scratch: Path) -> None:
        """`scratch` is a folder of this machine for drafts, and for what sessions write beside the lake.

        Raises:
            SettingsError: the URL is not one of object storage, or the package that speaks to it is not installed.
        """
        self._url = url.rstrip("/")
        self.root = scratch
        self._remembered = Remembered()
        scheme, _, place = self._url.partition("://")
        if scheme not in SCHEMES or not place or set(place) & set("*?[]{}#"):
            msg = f"PERENNIAL_LAKE is no URL of object storage, such as s3://bucket/prefix; known are {', '.join(SCHEMES)}."
            raise SettingsError(msg)

    @cached_property
    def _fs(self) -> AbstractFileSystem:
        try:
            fs, _, _ = get_fs_token_paths(
                # Nobody else's listings: another process may have published since.
                self._url,
                storage_options={"use_listings_cache": False},
                expand=False,
            )
        except ImportError as error:
            msg = f"PERENNIAL_LAKE needs a package that is not installed: {error} For s3, it is Perennial's extra s3."
            raise SettingsError(msg) from error
        return fs

    @cached_property
    def filesystem(self) -> AbstractFileSystem:
        """What DuckDB reads it with: in 2.0 its own extension would have to be downloaded."""
        return ObjectFiles(self._fs, self._remembered)

    def location(self, name: str) -> str:
        return f"{self._url}/{name}"

    def stamp(self, name: str) -> str | None:
        with explained_by_store(name):
            try:
                return stamp_of(info_of(self._fs, self.location(name)))
            except FileNotFoundError:
                return None

    def stamps(self, names: Sequence[str]) -> list[str | None]:
        """By listing the datasets, when there are many: one request says it of a thousand."""
        if len(names) <= _FEW:
            return [self.stamp(name) for name in names]
        datasets = {name.partition("/day=")[0] for name in names}
        found = {
            name: stamp_of(info) for dataset in datasets for name, info in self._found(dataset)
        }
        return [found.get(name) for name in names]

    def size(self, name: str) -> int:
        with explained_by_store(name), suppress(FileNotFoundError):
            return int(info_of(self._fs, self.location(name))["size"])
        return 0

    def listing(
        self, dataset: str, wanted: Callable[[str], bool]
    ) -> Iterator[tuple[str, list[str]]]:
        folders = defaultdict(list)
        for name, _ in self._found(dataset):
            folder, between, file = name.removeprefix(f"{dataset}/").partition("/")
            if between and "/" not in file:
                folders[folder].append(file)
        return ((folder, names) for folder, names in folders.items() if wanted(folder))

    def shape(self, dataset: str) -> None:
        """A bucket tells of changes by listings only."""

    def _found(self, dataset: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every object of a dataset, by its name, with what is known of it."""
        with explained_by_store(dataset):
            try:
                objects = self._fs.find(f"{self.location(dataset)}/", detail=True)
            except FileNotFoundError:
                return
        root = self._fs._strip_protocol(self._url) + "/"  # noqa: SLF001 - fsspec has no other name for it
        for path, info in objects.items():
            yield path.removeprefix(root), info

    def open(self, name: str) -> BufferedReader:
        reader = ObjectReader(self._fs, self.location(name), self._remembered)
        return BufferedReader(reader, _AT_ONCE)

    def read(self, name: str) -> str | None:
        with explained_by_store(name):
            try:
                # From a place on: otherwise s3fs asks for the size first.
                return str(self._fs.cat_file(self.location(name), start=0).decode())
            except FileNotFoundError:
                return None

    @contextmanager
    def publishing(self, name: str, label: str, *, replacing: str | None = None) -> Iterator[Path]:
        folder = own_folder(self.root / ".drafts")
        draft = folder / PurePosixPath(name).name
        head = f"{label} cannot be published"
        try:
            folder.mkdir(parents=True)
            yield draft
            with explained_by_store(head, missing=True):
                self._put(draft, name, replacing)
        except OSError as error:
            msg = f"{head}: {error.strerror or error}. What was there before is unchanged."
            raise LakeError(msg) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _put(self, draft: Path, name: str, replacing: str | None) -> None:
        url = self.location(name)
        if replacing is not None and hasattr(self._fs, "call_s3"):
            put_if(self._fs, draft, url, replacing)
            return
        if replacing is not None and self.stamp(name) != replacing:
            raise ReplacedMeanwhile
        protocol = self._fs.protocol
        kind = protocol if isinstance(protocol, str) else protocol[0]
        self._fs.put_file(draft.as_posix(), url, **_UPLOADS.get(kind, {}))

    def move(self, source: str, target: str) -> None:
        """As a copy, which is there as a whole or not at all, and then a removal: killed in between, both are there."""
        with explained_by_store(f"{source} cannot be made {target}", missing=True):
            self._fs.cp_file(self.location(source), self.location(target))
        self.remove(source)

    def remove(self, name: str) -> None:
        with explained_by_store(f"{name} cannot be removed"), suppress(FileNotFoundError):
            self._fs.rm_file(self.location(name))

    def try_out(self) -> None:
        dataset = ".doctor"
        name = f"{dataset}/day=2000-01-01/{uuid.uuid4().hex}.txt"
        for text, replacing in (("first", False), ("second", True)):
            stamp = self.stamp(name) if replacing else None
            with self.publishing(name, "An object", replacing=stamp) as draft:
                draft.write_text(text, encoding="utf-8")
            if self.read(name) != text or self.stamps([name] * (_FEW + 1))[0] is None:
                msg = "What was published to the lake is not there: it does not behave as object storage does."
                raise LakeError(msg)
        self.remove(name)
