"""Rows of files that cannot be read as rows: put aside with their place, while the others go on."""

from __future__ import annotations

from dataclasses import dataclass, field

from perennial.errors import SourceError

_SURELY_WRONG = 1_000


@dataclass(frozen=True, kw_only=True)
class RefusedRow:
    """One row that is no row of its table. What it says stays in the file: the line finds it."""

    table: str
    file: str
    line: int
    reason: str


@dataclass(kw_only=True)
class Sieve:
    """Counts the rows of one file, good and bad, and gives the file up when it is not what it was taken for."""

    table: str
    file: str
    taken_for: str = ""
    rows: int = 0
    refused: list[RefusedRow] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        row = RefusedRow(table=self.table, file=self.file, line=line, reason=reason)
        self.refused.append(row)
        if len(self.refused) > _SURELY_WRONG:
            self.check()

    def check(self) -> None:
        """Raises where more rows are bad than good.

        Raises:
            SourceError: names the first bad line and what the file was read as.
        """
        if len(self.refused) > self.rows:
            first = self.refused[0]
            msg = (
                f"{self.file}:{first.line}: {first.reason}; so have {len(self.refused):,} of its rows,"
                f" and {self.rows:,} are good. {self.taken_for}"
            )
            raise SourceError(msg.rstrip())
