"""Tokens as somebody who guesses, truncates or pastes together would have them; never the token itself."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/%~ \\0é"


def mutations(token: str, random: Random) -> Iterator[str]:
    """Without end."""
    ways = (_changed, _without, _with_more, _cut, _swapped, _doubled, _of_another_version)
    while True:
        mutant = random.choice(ways)(token, random)
        if mutant != token:
            yield mutant


def _changed(token: str, random: Random) -> str:
    signs = list(token)
    for _ in range(random.randint(1, 4)):
        signs[random.randrange(len(signs))] = random.choice(_SIGNS)
    return "".join(signs)


def _without(token: str, random: Random) -> str:
    at = random.randrange(len(token))
    return token[:at] + token[at + random.randint(1, 3) :]


def _with_more(token: str, random: Random) -> str:
    at = random.randrange(len(token) + 1)
    return token[:at] + random.choice(_SIGNS) * random.randint(1, 3) + token[at:]


def _cut(token: str, random: Random) -> str:
    return token[: random.randrange(len(token))]


def _swapped(token: str, random: Random) -> str:
    parts = token.split(".")
    random.shuffle(parts)
    return ".".join(parts)


def _doubled(token: str, random: Random) -> str:
    return random.choice((token + token, f"{token}.{token}", f"{token}\n", token.swapcase()))


def _of_another_version(token: str, random: Random) -> str:
    return f"{random.choice('0123456789v')}{token[1:]}"
