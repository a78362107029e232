"""What features and audiences ask of an engine: DuckDB answers it on one machine, Spark on many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from perennial.lake.partitions import Lake, Partition

if TYPE_CHECKING:
    import pyarrow as pa

    from perennial.lake.duck import Published


class LakeEngine(Protocol):
    """Runs SQL in DuckDB's dialect over a lake; the same rows come out, whoever runs it."""

    @property
    def lake(self) -> Lake: ...

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Makes, fills or drops a temporary table."""

    def spread(self, name: str, query: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Adds a query's rows to what is readable under a name, so that one `slice` is read without the others."""

    def show_slice(self, name: str, number: int) -> None:
        """Leaves the rows of one slice, out of all that were spread, readable under the name."""

    def remove(self, name: str) -> None:
        """Removes a temporary table or what was spread, if there is one of that name."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """A small result as dictionaries; instants know their zone."""

    def scalar(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - as typed by the query
        """The first value of a result; nothing when there are no rows."""

    def register(self, name: str, table: pa.Table) -> None:
        """Makes an Arrow table readable under a name."""

    def unregister(self, name: str) -> None:
        """Lets go of an Arrow table, if there is one of that name."""

    def view(self, name: str, partition: Partition) -> None:
        """Makes one partition readable under a name.

        Raises:
            MissingPartition: the night has not written it.
        """

    def open_day(self, day: date) -> None:
        """Makes every dataset of the shop readable as it was known on a day."""

    def publish(
        self,
        partition: Partition,
        query: str,
        *,
        order_by: str,
        in_order: bool = False,
        parameters: Mapping[str, Any] | None = None,
    ) -> Published:
        """Writes a query's rows as a partition, in a stated order, whole or not at all.

        `in_order` says that a table has that order and the query looks at one row of it at a time, so that an engine
        which keeps rows in their order need not sort.
        """
