"""What an entry of the corpus says: what went wrong in a shop, how a good night is made to show it, what must follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from perennial.validation.verdicts import Action

Row = dict[str, str | None]
Value = str | Callable[[Row], str | None] | None


@dataclass
class Night:
    """The rows of a night as the shop said them, dataset by dataset, and those of the night before; seeds change them.

    `closed` says that the shop names the day whose rows these are among its closed days.
    """

    rows: dict[str, list[Row]]
    yesterday: dict[str, list[Row]]
    closed: bool = False


Seed = Callable[[Night], None]


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One defect in an otherwise good night.

    `outcome` is the gravest thing that follows; nothing when no rule sees the defect, and `why` says why that is borne.
    `reason` is what rows are put aside for, `rows` how many are.
    """

    dataset: str
    what: str
    cause: str
    seed: Seed
    outcome: Action | None
    rules: tuple[str, ...] = ()
    reason: str = ""
    rows: int = 0
    why: str = ""

    @property
    def name(self) -> str:
        return f"{self.dataset}: {self.what}"


@dataclass
class Entries:
    """The defects of one dataset, in the words of its corpus file."""

    dataset: str
    all: list[Defect] = field(default_factory=list)

    def aside(self, what: str, cause: str, reason: str, rows: int, *seeds: Seed) -> None:
        """Rows are put aside for this reason, and the rest goes on."""
        self._add(what, cause, seeds, Action.QUARANTINE, reason=reason, rows=rows)

    def stops(self, what: str, cause: str, rules: str, *seeds: Seed) -> None:
        """The night stops, for these rules at least."""
        self._add(what, cause, seeds, Action.STOP, rules=tuple(rules.split()))

    def told(self, what: str, cause: str, rules: str, *seeds: Seed) -> None:
        """The rows are used, and people are told by these rules at least."""
        self._add(what, cause, seeds, Action.WARN, rules=tuple(rules.split()))

    def unseen(self, what: str, cause: str, why: str, *seeds: Seed) -> None:
        """No rule sees it."""
        self._add(what, cause, seeds, None, why=why)

    def _add(
        self,
        what: str,
        cause: str,
        seeds: Iterable[Seed],
        outcome: Action | None,
        *,
        rules: tuple[str, ...] = (),
        reason: str = "",
        rows: int = 0,
        why: str = "",
    ) -> None:
        every = tuple(seeds)

        def seed(night: Night) -> None:
            for each in every:
                each(night)

        self.all.append(
            Defect(
                dataset=self.dataset,
                what=what,
                cause=cause,
                seed=seed,
                outcome=outcome,
                rules=rules,
                reason=reason,
                rows=rows,
                why=why,
            )
        )
