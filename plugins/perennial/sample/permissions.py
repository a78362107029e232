"""What customers agreed to: by channel and topic, at sign-up or later, and what some of them took back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_DAY = 86400
NONE_AT_ALL = 0.04
EMAIL_SHARE, SMS_SHARE = 0.78, 0.365  # of those who said anything: about 75 % and 35 % of all
ALL_TOPICS, ONE_TOPIC = 0.85, 0.6
WITHDRAWN_SHARE, GRANTED_AGAIN = 0.07, 0.15
_TOPICS = ("offers", "loyalty", "feedback")
_SOURCES = {"email": ("signup", "signup", "checkout", "import"), "sms": ("checkout", "form")}


@dataclass(frozen=True, kw_only=True)
class ConsentEntry:
    """One thing that a customer agreed to or took back."""

    channel: str
    topic: str
    state: str
    when: int
    source: str


def consents(signed_up: int, end: int, rng: np.random.Generator) -> list[ConsentEntry]:
    """A customer's entries up to an end, in the order of time."""
    dice = rng.random(3)
    if dice[0] < NONE_AT_ALL:
        return []
    entries: list[ConsentEntry] = []
    if dice[1] < EMAIL_SHARE:
        entries += _channel("email", signed_up, end, rng)
    if dice[2] < SMS_SHARE:
        entries += _channel("sms", signed_up + int(rng.integers(0, 30 * _DAY)), end, rng)
    return sorted((e for e in entries if e.when < end), key=lambda e: (e.when, e.channel, e.topic))


def _channel(
    channel: str, granted: int, end: int, rng: np.random.Generator
) -> Iterator[ConsentEntry]:
    every_topic = rng.random() < ALL_TOPICS
    sources = _SOURCES[channel]
    source = sources[rng.integers(len(sources))]
    for topic in _TOPICS:
        if every_topic or rng.random() < ONE_TOPIC:
            yield _entry(channel, topic, "granted", granted, source)
            yield from _second_thoughts(channel, topic, granted, end, rng)


def _second_thoughts(
    channel: str, topic: str, granted: int, end: int, rng: np.random.Generator
) -> Iterator[ConsentEntry]:
    if rng.random() >= WITHDRAWN_SHARE or end - granted <= 2 * _DAY:
        return
    withdrawn = granted + int(rng.integers(_DAY, end - granted))
    yield _entry(channel, topic, "withdrawn", withdrawn, "preferences")
    if rng.random() < GRANTED_AGAIN:
        again = withdrawn + int(rng.integers(_DAY, 60 * _DAY))
        yield _entry(channel, topic, "granted", again, "preferences")


def _entry(channel: str, topic: str, state: str, when: int, source: str) -> ConsentEntry:
    return ConsentEntry(channel=channel, topic=topic, state=state, when=when, source=source)
