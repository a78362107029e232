"""What a lake lies in: a folder, or the objects of a bucket. A store knows names and bytes, and nothing of days.

A name is a path below the lake, such as `verified/orders/day=2026-11-21/data.parquet`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


class ReplacedMeanwhile(Exception):
    """What was to be replaced is not what it was."""


class Store(Protocol):
    """Names to bytes. What is published is there as a whole or not at all, for whoever reads it."""

    @property
    def root(self) -> Path:
        """A folder of this machine: that of the lake, or one for what sessions write beside a lake that lies elsewhere."""

    @property
    def filesystem(self) -> AbstractFileSystem | None:
        """What DuckDB reads it with; nothing when it lies in a folder."""

    def location(self, name: str) -> str:
        """How SQL and people call it: a path, or a URL."""

    def stamp(self, name: str) -> str | None:
        """What changes when it is written anew; nothing when it is not there."""

    def stamps(self, names: Sequence[str]) -> list[str | None]:
        """The same of many names at once."""

    def size(self, name: str) -> int:
        """Its bytes; none when it is not there."""

    def listing(
        self, dataset: str, wanted: Callable[[str], bool]
    ) -> Iterator[tuple[str, list[str]]]:
        """The folders of a dataset that are wanted by their names, and what lies in each, in no order."""

    def shape(self, dataset: str) -> Hashable | None:
        """What changes when a file of a dataset is published or removed, where that costs less than a listing.

        Nothing, where it does not, or while something has just changed and may change again unseen.
        """

    def open(self, name: str) -> BufferedReader:
        """To read it, from any place of it.

        Raises:
            FileNotFoundError: it is not there.
        """

    def read(self, name: str) -> str | None:
        """A text; nothing when it is not there."""

    def publishing(
        self, name: str, label: str, *, replacing: str | None = None
    ) -> AbstractContextManager[Path]:
        """A path of this machine whose file gets the name when the block ends well, and vanishes when it does not.

        Raises:
            ReplacedMeanwhile: what has the name does not bear the stamp of `replacing`; nothing was published.
            LakeError: it cannot be written; `label` says for people what. What was there before is unchanged.
        """

    def move(self, source: str, target: str) -> None:
        """Gives what has one name another; whoever reads the target finds the old file or the new one.

        Raises:
            LakeError: it cannot be written to.
        """

    def remove(self, name: str) -> None:
        """Removes it, if it is there.

        Raises:
            LakeError: it cannot be removed.
        """

    def try_out(self) -> None:
        """Publishes something, replaces it, finds it, and removes it again.

        Raises:
            LakeError: one of these cannot be done, and why.
        """
