"""What providers do wrong in a schedule: every kind of fault that the emulator knows, before and after acceptance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from chaos.points import Point
from perennial.emulator.faults import Fault, FaultKind, Match, Operation

_SENDS = (Operation.MAIL_SEND, Operation.MAIL_SEND, Operation.TEXT_SEND)
# A limit, a no, and a slow yes are played before anything is accepted: after it, they would be lies that no
# client can see through.
_ONLY_BEFORE = {FaultKind.RATE_LIMITED, FaultKind.REFUSED}
_ONLY_AFTER = {FaultKind.SLOW_BODY}
_SECONDS = {
    FaultKind.RATE_LIMITED: 1.0,
    FaultKind.NO_ANSWER: 0.6,
    FaultKind.SLOW_BODY: 0.8,
    FaultKind.LATENCY: 0.15,
}
_MAIL_CODES = (400, 400, 413, 401, 403)
_TEXT_CODES = (21211, 21610, 21408, 20003, 21611, 30034)

_LIMIT = Fault(
    match=Match(operation=Operation.MAIL_SEND, skip=1), kind=FaultKind.RATE_LIMITED, seconds=1.0
)
_LOST_ANSWER = Fault(
    match=Match(operation=Operation.MAIL_SEND), kind=FaultKind.RESET, before_acceptance=False
)
OCCASIONS: Mapping[Point, Fault] = {
    Point.WHILE_PAUSING: _LIMIT,
    Point.AFTER_LEAVE_ALONE: _LIMIT,
    Point.BETWEEN_HALVES: Fault(
        match=Match(operation=Operation.MAIL_SEND), kind=FaultKind.REFUSED, code=400
    ),
    Point.AFTER_SUPPRESS: Fault(
        match=Match(operation=Operation.TEXT_SEND), kind=FaultKind.REFUSED, code=21610
    ),
    Point.BEFORE_QUESTION: _LOST_ANSWER,
    Point.AFTER_QUESTION: _LOST_ANSWER,
    Point.AFTER_SETTLE_DOUBTS: _LOST_ANSWER,
}
"""Points that are passed only when something went wrong before, and what."""


def draw_faults(chance: Random) -> Sequence[Fault]:
    """Some faults that strike a request or a few each, and now and then one that strikes at random."""
    return [_fault(chance) for _ in range(chance.choice((0, 1, 2, 3, 5)))]


def _fault(chance: Random) -> Fault:
    operation = chance.choice(_SENDS)
    kind = chance.choice(tuple(FaultKind))
    before = kind in _ONLY_BEFORE or (kind not in _ONLY_AFTER and chance.random() < 0.5)
    often = chance.random() < 0.2
    codes = _MAIL_CODES if operation is Operation.MAIL_SEND else _TEXT_CODES
    return Fault(
        match=Match(operation=operation, skip=0 if often else chance.choice((0, 1, 2, 4, 8))),
        kind=kind,
        before_acceptance=before,
        times=None if often else chance.choice((1, 1, 2, 6)),
        chance=0.1 if often else 1.0,
        seconds=_SECONDS.get(kind),
        status=chance.choice((500, 502, 503, 504)) if kind is FaultKind.SERVER_ERROR else None,
        code=chance.choice(codes) if kind is FaultKind.REFUSED else None,
    )
