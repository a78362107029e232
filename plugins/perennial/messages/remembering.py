"""What is said of a value, said once and then remembered: a million emails speak of a few thousand products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Said = TypeVar("Said", bound=Sequence[object])

# So many characters are remembered twice over: as many products as most shops have.
_MOST_CHARACTERS = 4_000_000
# What is remembered takes room even where nothing is said.
_LEAST_CHARACTERS = 50


class Remembered(Generic[Said]):
    """What a function says of an object, as long as there is room.

    It goes by the very object, not by what it equals: values are made once each, and two that only equal each other
    may be written differently.
    """

    def __init__(
        self,
        say: Callable[[object], Said],
        *,
        size: Callable[[Said], int] = len,
        most: int = _MOST_CHARACTERS,
    ) -> None:
        self._say = say
        self._size = size
        self._most = most
        self._room = most
        # By the address of the object, which is kept beside its words, so that no other comes to lie there.
        self._young: dict[int, tuple[object, Said]] = {}
        self._old: dict[int, tuple[object, Said]] = {}

    def __call__(self, thing: object) -> Said:
        known = self._young.get(id(thing))
        return known[1] if known else self._kept(thing)

    def _kept(self, thing: object) -> Said:
        """Moves it to the young, which become the old when there is no room; the old are forgotten then."""
        known = self._old.get(id(thing)) or (thing, self._say(thing))
        self._room -= max(self._size(known[1]), _LEAST_CHARACTERS)
        if self._room < 0:
            self._old, self._young, self._room = self._young, {}, self._most
        self._young[id(thing)] = known
        return known[1]
