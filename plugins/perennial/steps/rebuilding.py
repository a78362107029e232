"""Many nights in one go: what a night hands to the next goes in order, what it makes of its own day goes beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Self

from perennial.errors import ErasureError, NightStopped
from perennial.steps.night import Night, NightSteps, Verified

_WORTH_A_SECOND_SESSION = 4


class RebuildingSteps(NightSteps):
    """Several nights, oldest first, with the same result as one after another."""

    def nights(
        self,
        days: Sequence[date],
        *,
        refresh: bool = False,
        progress: Callable[[date], None] | None = None,
    ) -> list[Night]:
        """The nights of some days. Sends nothing. `progress` hears of each day whose data is verified.

        Extraction and checks follow the nights before them. Features and audiences do not: they are made in a second
        session, which reads every increment of the lake once. It may take as much memory as the first.

        Raises:
            NightStopped: a check stopped a night; the nights before it are done.
            ErasureError: the nights are done, but somebody could not be forgotten yet.
        """
        said = progress or (lambda _: None)
        if len(days) < _WORTH_A_SECOND_SESSION:
            return [self._alone(day, refresh=refresh, said=said) for day in days]
        try:
            nights = self._beside_each_other(days, refresh=refresh, said=said)
        except NightStopped:
            with suppress(ErasureError):  # the next night says so again
                self.finish_erasures()
            raise
        self.take_snapshots(days[-1])
        self.finish_erasures()
        return nights

    def _alone(self, day: date, *, refresh: bool, said: Callable[[date], None]) -> Night:
        night = self.night(day, refresh=refresh)
        said(day)
        return night

    def _beside_each_other(
        self, days: Sequence[date], *, refresh: bool, said: Callable[[date], None]
    ) -> list[Night]:
        made: list[_Made] = []
        with ThreadPoolExecutor(1, thread_name_prefix="audiences") as pool:
            first, second = self._session(self.settings.threads - 1), self._session(1)
            try:
                for day in days:
                    _refuse_to_go_on_after_an_error(made)
                    verified = first.verify(day, refresh=refresh)
                    made.append(_Made(day, verified, pool.submit(second.understood, day)))
                    said(day)
                return [each.night() for each in made]
            except BaseException as error:
                # A stopped night leaves the nights before it done; who interrupts does not want to wait for them.
                pool.shutdown(cancel_futures=not isinstance(error, Exception))
                raise
            finally:
                first.close()
                second.close()

    def _session(self, threads: int) -> Self:
        """The same installation once more, with an engine that reads each increment once."""
        from perennial.lake.duck import Engine

        session = type(self)(self.settings)
        session.__dict__["engine"] = Engine(
            self.engine.lake,
            memory_limit=self.settings.memory_limit,
            threads=max(threads, 1),
            keeps_truth=True,
        )
        return session


@dataclass(frozen=True)
class _Made:
    """A night whose data is verified, and whose audiences are on their way."""

    day: date
    verified: Verified
    understood: Future[dict[str, int]]

    def night(self) -> Night:
        return self.verified.night(**self.understood.result())


def _refuse_to_go_on_after_an_error(made: Sequence[_Made]) -> None:
    for each in made:
        if each.understood.done():
            each.understood.result()
