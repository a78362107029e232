"""Some datasets of one store, only to be read, and a folder for everything else: what is tried out leaves the lake as it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from perennial.errors import LakeError
from perennial.lake.folder_store import FolderStore
from perennial.lake.stores import Store

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """`shared` are the first words of the names that are `below`'s; all others lie in the folder `root`."""

    below: Store
    root: Path
    shared: Collection[str]
    own: FolderStore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "own", FolderStore(self.root))

    @property
    def filesystem(self) -> AbstractFileSystem | None:
        return self.below.filesystem

    def location(self, name: str) -> str:
        return self._of(name).location(name)

    def stamp(self, name: str) -> str | None:
        return self._of(name).stamp(name)

    def stamps(self, names: Sequence[str]) -> list[str | None]:
        return [self.stamp(name) for name in names]

    def size(self, name: str) -> int:
        return self._of(name).size(name)

    def listing(
        self, dataset: str, wanted: Callable[[str], bool]
    ) -> Iterator[tuple[str, list[str]]]:
        return self._of(dataset).listing(dataset, wanted)

    def shape(self, dataset: str) -> Hashable | None:
        return self._of(dataset).shape(dataset)

    def open(self, name: str) -> BufferedReader:
        return self._of(name).open(name)

    def read(self, name: str) -> str | None:
        return self._of(name).read(name)

    def publishing(
        self, name: str, label: str, *, replacing: str | None = None
    ) -> AbstractContextManager[Path]:
        return self._mine(name).publishing(name, label, replacing=replacing)

    def move(self, source: str, target: str) -> None:
        self._mine(source)
        self._mine(target).move(source, target)

    def remove(self, name: str) -> None:
        self._mine(name).remove(name)

    def try_out(self) -> None:
        self.own.try_out()

    def _of(self, name: str) -> Store:
        return self.below if name.partition("/")[0] in self.shared else self.own

    def _mine(self, name: str) -> Store:
        if self._of(name) is self.below:
            msg = f"{name} is only read here."
            raise LakeError(msg)
        return self.own
