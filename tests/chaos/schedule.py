"""What goes wrong in one run of a plan, drawn from a seed: the same seed draws the same schedule, always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from chaos.points import POINTS, Point
from chaos.troubles import OCCASIONS, draw_faults
from perennial.emulator.faults import Fault
from perennial.emulator.options import Delivery, MailOutcomes


class Backend(StrEnum):
    """Where the ledger is kept."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Kind(StrEnum):
    """What is special about a person."""

    ORDINARY = "ordinary"
    SUPPRESSED_BEFORE = "suppressed_before"
    SUPPRESSED_DURING = "suppressed_during"
    BAD_ADDRESS = "bad_address"
    WITHOUT_WORDS = "without_words"
    EXPIRED = "expired"
    EXPIRES_SOON = "expires_soon"
    DUE_SOON = "due_soon"
    NOT_DUE = "not_due"


class Deed(StrEnum):
    """What happens around the processes."""

    SUPPRESS = "suppress"
    PROVIDER_GONE = "provider_gone"
    DATABASE_RESTARTS = "database_restarts"
    DATABASE_READ_ONLY = "database_read_only"
    DATABASE_BUSY = "database_busy"
    PAUSE = "pause"
    STOP = "stop"


class Webhooks(StrEnum):
    """What becomes of the providers' reports."""

    FLOW = "flow"
    WAIT = "wait"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One process: its part of the plan, and how it ends before its time, if it does.

    killed, ended, frozen: seconds after its start. thaws: seconds after the freeze. full: the database takes no
    more from this process.
    """

    first: int
    last: int
    dies: Point | None = None
    turn: int = 1
    killed: float | None = None
    ended: float | None = None
    frozen: float | None = None
    thaws: float = 0.0
    full: bool = False


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that happens `at` seconds after the start of a generation, and how long it lasts."""

    deed: Deed
    at: float
    lasts: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Generation:
    """Processes that run at the same time, and what happens meanwhile. `waits`: for the leases of the one before."""

    runs: Sequence[Run]
    acts: Sequence[Act] = ()
    waits: bool = True


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Everything that is decided before a run begins.

    Seconds stand for minutes: lease, patience with a request, and how long a provider must have been silent about a
    message before that proves anything, which is longer than any process is frozen. `allowed_emails` is what the day of
    a new sender allows, `budgeted_texts` what the month's budget has room for; nothing where there is no such limit.
    """

    seed: int
    backend: Backend
    emails: Sequence[Kind]
    texts: Sequence[Kind]
    faults: Sequence[Fault]
    webhooks: Webhooks
    delivery: Delivery
    outcomes: MailOutcomes
    generations: Sequence[Generation]
    latency: float
    chunk: int
    batch: int
    at_once: int
    lease: float = 0.8
    patience: float = 0.4
    silence: float = 3.0
    allowed_emails: int | None = None
    budgeted_texts: int | None = None

    @property
    def size(self) -> int:
        return len(self.emails) + len(self.texts)


_SPECIAL = {
    Kind.SUPPRESSED_BEFORE: 0.05,
    Kind.SUPPRESSED_DURING: 0.12,
    Kind.BAD_ADDRESS: 0.03,
    Kind.WITHOUT_WORDS: 0.03,
    Kind.EXPIRED: 0.04,
    Kind.EXPIRES_SOON: 0.03,
    Kind.DUE_SOON: 0.04,
    Kind.NOT_DUE: 0.03,
}


def draw_schedule(seed: int, *, backend: Backend | None = None) -> Schedule:
    """The schedule of a seed; a sixth of them keep their ledger in PostgreSQL unless told otherwise."""
    chance = Random(f"schedule {seed}")  # noqa: S311 - repeatable is what it has to be
    drawn = Backend.POSTGRESQL if chance.random() < 1 / 6 else Backend.SQLITE
    chosen = backend or drawn
    emails = _people(chance, chance.choice((20, 40, 60, 90, 150)))
    texts = _people(chance, chance.choice((0, 10, 20, 40)))
    size = len(emails) + len(texts)
    webhooks = chance.choices(tuple(Webhooks), (6, 2, 2))[0]
    # A message a request takes an age with many people.
    batch = chance.choice((1, 4, 10, 25, 100) if size <= 60 else (4, 10, 25, 100))
    at_once = chance.choice((1, 2, 4))
    generations = [_generation(chance, size, chosen) for _ in range(chance.choice((1, 2, 2, 3)))]
    points = [run.dies for each in generations for run in each.runs if run.dies is not None]
    return Schedule(
        seed=seed,
        backend=chosen,
        emails=emails,
        texts=texts,
        faults=[
            *(OCCASIONS[point] for point in points if point in OCCASIONS),
            *draw_faults(chance),
        ],
        webhooks=webhooks,
        delivery=Delivery(
            batch_seconds=0.02,
            longest_delay=0.05,
            repeated=0.2,
            repeated_with_new_id=0.1,
            late=0.3,
            late_seconds=0.2,
            lost=0.2 if webhooks is Webhooks.LOST else 0.0,
            retry_seconds=0.02,
        ),
        outcomes=MailOutcomes(bounced=0.02, dropped=0.02, deferred=0.05, opened=0.2),
        generations=generations,
        latency=chance.choice((0.0, 0.005, 0.02)) if batch * at_once > 4 else 0.0,
        chunk=chance.choice((10, 25, 60, 200)),
        batch=batch,
        at_once=at_once,
        allowed_emails=_limit(chance, len(emails)),
        budgeted_texts=_limit(chance, len(texts)),
    )


def _limit(chance: Random, count: int) -> int | None:
    """In one schedule of three, fewer messages than there are people."""
    return chance.choice((count // 4, count // 2)) if chance.random() < 1 / 3 else None


def _people(chance: Random, count: int) -> list[Kind]:
    kinds, shares = list(_SPECIAL), list(_SPECIAL.values())
    return chance.choices([*kinds, Kind.ORDINARY], [*shares, 1 - sum(shares)], k=count)


def _generation(chance: Random, size: int, backend: Backend) -> Generation:
    parts = chance.choices(
        [
            [(0, size)],
            [(0, size), (0, size)],
            [(0, size * 2 // 3), (size // 3, size)],
            [(0, size // 2), (size // 2, size)],
        ],
        (5, 2, 2, 1),
    )[0]
    runs = [_run(chance, first, last, backend) for first, last in parts]
    acts = [_act(chance, backend) for _ in range(chance.choice((0, 1, 1, 2)))]
    acts.append(Act(deed=Deed.SUPPRESS, at=chance.uniform(0, 0.4)))
    return Generation(
        runs=runs, acts=sorted(acts, key=lambda act: act.at), waits=chance.random() < 0.7
    )


def _run(chance: Random, first: int, last: int, backend: Backend) -> Run:
    part = {"first": first, "last": last}
    end = chance.choices(
        ("point", "killed", "ended", "frozen", "full", "lives"), (70, 8, 5, 4, 4, 9)
    )[0]
    match end:
        case "point":
            point = chance.choice(POINTS)
            turn = 1 if point in OCCASIONS else chance.choice((1, 1, 1, 2, 3))
            return Run(**part, dies=point, turn=turn)
        case "killed":
            return Run(**part, killed=chance.uniform(0.02, 0.6))
        case "ended":
            return Run(**part, ended=chance.uniform(0.05, 0.4))
        case "frozen":
            return Run(**part, frozen=chance.uniform(0.05, 0.3), thaws=chance.choice((0.3, 1.2)))
        case "full" if backend is Backend.SQLITE:
            return Run(**part, full=True)
    return Run(**part)


def _act(chance: Random, backend: Backend) -> Act:
    at = chance.uniform(0, 0.3)
    deeds = {
        Deed.PROVIDER_GONE: 4,
        Deed.PAUSE: 3,
        Deed.STOP: 0.2,
        **(
            {Deed.DATABASE_BUSY: 3}
            if backend is Backend.SQLITE
            else {Deed.DATABASE_RESTARTS: 3, Deed.DATABASE_READ_ONLY: 2}
        ),
    }
    deed = chance.choices(list(deeds), list(deeds.values()))[0]
    return Act(deed=deed, at=at, lasts=chance.uniform(0.1, 0.5))
