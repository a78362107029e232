"""Whether a run kept the promise: the ledger held against what the providers really accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from chaos import worker
from chaos.audience import Person
from chaos.schedule import Kind, Schedule, Webhooks
from chaos.timeline import Ended
from perennial.emulator.record import Acceptance, read_record
from perennial.model.words import Channel, MessageState, Reason

_OPEN = {MessageState.CLAIMED, MessageState.DISPATCHING, MessageState.RETRYABLE}
_ANSWERED = {MessageState.ACCEPTED, MessageState.REFUSED, MessageState.IN_DOUBT}
# What is committed at the same instant may be seen in either order.
_AT_ONCE = 0.1
_ON_THE_WIRE = 1.0
# By itself, put off, killed, asked to end before it could listen; 255 is what multiprocessing says when it missed the end.
_ENDINGS = {0, worker.PUT_OFF, -9, -15, 255}
_REASONS = {
    Kind.SUPPRESSED_BEFORE: {Reason.SUPPRESSED},
    Kind.SUPPRESSED_DURING: {Reason.SUPPRESSED},
    Kind.WITHOUT_WORDS: {Reason.RENDER_FAILED},
    Kind.EXPIRED: {Reason.EXPIRED},
    Kind.EXPIRES_SOON: {Reason.EXPIRED},
}


@dataclass(frozen=True, kw_only=True)
class Travel:
    """Since then the processes' clock is ahead by so much."""

    since: float
    offset: timedelta


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known when a schedule is over. Instants are seconds since 1970.

    entries: where the ledger says that each message stands. counted_emails: how many emails it has counted to the day
    of a new sender. begun: when its requests were. suppressed: when it was
    certain that an address is on the list. halts: from when to when nothing was allowed to begin.
    """

    schedule: Schedule
    people: Sequence[Person]
    entries: Mapping[str, tuple[MessageState | None, Reason | None]]
    total: int
    counted_emails: int
    begun: Mapping[str, Sequence[float]]
    suppressed: Mapping[str, float]
    halts: Sequence[tuple[float, float]]
    travels: Sequence[Travel]
    ended: Sequence[Ended]
    faults: Mapping[str, int]
    reports: int
    quiet: bool
    record: Path
    log: Path


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one schedule. `broken`: each breach of the promise in a sentence."""

    seed: int
    backend: str
    broken: Sequence[str]
    counts: Mapping[str, int]
    kills: Mapping[str, int]
    faults: Mapping[str, int] = field(default_factory=dict)
    deeds: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def judge(evidence: Evidence, seconds: float) -> Outcome:
    """The outcome of a schedule."""
    accepted = list(read_record(evidence.record)) if evidence.record.exists() else []
    times = Counter(each.key for each in accepted)
    broken = [
        *_twice(times),
        *_to_suppressed(evidence, times),
        *_at_the_wrong_time(evidence, accepted),
        *_beyond_a_limit(evidence, times),
        *_accounts(evidence, times),
        *_processes(evidence),
    ]
    states = Counter(
        (state or f"blocked: {why}").__str__() for state, why in evidence.entries.values()
    )
    lost = [p for p in evidence.people if _lost(p, evidence, times)]
    return Outcome(
        seed=evidence.schedule.seed,
        backend=evidence.schedule.backend,
        broken=[sentence for sentence in broken if sentence],
        counts={
            **states,
            "messages": len(evidence.people),
            "accepted by providers": sum(times.values()),
            "duplicates": sum(count - 1 for count in times.values()),
            "lost": len(lost),
            "to suppressed": late_to_suppressed(accepted, evidence.suppressed),
            "reports": evidence.reports,
            "processes": len(evidence.ended),
        },
        kills=Counter(end.killed_at for end in evidence.ended if end.killed_at),
        faults=evidence.faults,
        deeds=Counter(
            act.deed.value for each in evidence.schedule.generations for act in each.acts
        ),
        seconds=seconds,
    )


def late_to_suppressed(accepted: Sequence[Acceptance], suppressed: Mapping[str, float]) -> int:
    """How many messages were accepted for an address that had been on the list for a second."""
    return sum(
        1 for each in accepted if each.at > suppressed.get(each.key, float("inf")) + _ON_THE_WIRE
    )


def _twice(times: Mapping[str, int]) -> Iterator[str]:
    for key, count in times.items():
        if count > 1:
            yield f"{key} was accepted {count} times."


def _to_suppressed(evidence: Evidence, times: Mapping[str, int]) -> Iterator[str]:
    for person in evidence.people:
        if person.kind is Kind.SUPPRESSED_BEFORE and times.get(person.key):
            yield f"{person.key} was accepted for an address that was suppressed before the run."
        since = evidence.suppressed.get(person.key, float("inf"))
        if any(begun > since + _AT_ONCE for begun in evidence.begun.get(person.key, ())):
            yield f"{person.key} was begun after its address had been suppressed."


def _at_the_wrong_time(evidence: Evidence, accepted: Sequence[Acceptance]) -> Iterator[str]:
    people = {person.key: person for person in evidence.people}
    slack = evidence.schedule.lease + evidence.schedule.patience + _ON_THE_WIRE
    for each in accepted:
        if each.key not in people:
            yield f"{each.key} was accepted, and nobody had planned it."
            continue
        person = people[each.key]
        clock = each.at + _offset(evidence, each.at).total_seconds()
        if person.kind is Kind.EXPIRED or each.at > person.planned.expires_at.timestamp() + slack:
            yield f"{each.key} was accepted after it had expired."
        if person.kind is Kind.NOT_DUE or clock < person.planned.send_at.timestamp() - _AT_ONCE:
            yield f"{each.key} was accepted before it was due."
    for key, moments in evidence.begun.items():
        for first, last in evidence.halts:
            if any(first + _AT_ONCE < moment < last for moment in moments):
                yield f"{key} was begun while the campaign was paused or stopped."


def _beyond_a_limit(evidence: Evidence, times: Mapping[str, int]) -> Iterator[str]:
    """More than the day of a new sender or the budget allows; or fewer, with people kept back for nothing."""
    schedule = evidence.schedule
    limits = (
        (Channel.EMAIL, schedule.allowed_emails, "the sender's day"),
        (Channel.SMS, schedule.budgeted_texts, "the budget"),
    )
    for channel, limit, what in limits:
        accepted = sum(
            1 for p in evidence.people if p.planned.channel is channel and times.get(p.key)
        )
        if limit is not None and accepted > limit:
            yield f"{accepted} of {channel} were accepted, where {what} allows {limit}."
    kept_back = any(why is Reason.WARMING_UP for _, why in evidence.entries.values())
    if kept_back and evidence.counted_emails < (schedule.allowed_emails or 0):
        yield f"Emails were kept back although only {evidence.counted_emails} were counted."


def _accounts(evidence: Evidence, times: Mapping[str, int]) -> Iterator[str]:
    if not evidence.quiet:
        yield "The plan never came to an end."
    if evidence.total != len(evidence.entries):
        yield f"The ledger counts {evidence.total} messages and lists {len(evidence.entries)}."
    for key in evidence.entries.keys() - {person.key for person in evidence.people}:
        yield f"The ledger holds {key}, which nobody had planned."
    for person in evidence.people:
        state, why = evidence.entries.get(person.key, (None, None))
        yield from _standing(evidence, person, state, why, times.get(person.key, 0))


def _standing(
    evidence: Evidence,
    person: Person,
    state: MessageState | None,
    why: Reason | None,
    accepted: int,
) -> Iterator[str]:
    key = f"{person.key} ({person.kind})"
    if state is None and why is None and person.kind is not Kind.NOT_DUE:
        yield f"{key} is unknown to the ledger."
    if state in _OPEN:
        yield f"{key} is {state} although nothing is left to do."
    if state is MessageState.ACCEPTED and not accepted:
        yield f"{key} is accepted for the ledger and was never accepted."
    if accepted and state not in {MessageState.ACCEPTED, MessageState.IN_DOUBT}:
        yield f"{key} was accepted, and the ledger says {state or why}."
    reported = evidence.schedule.webhooks is not Webhooks.LOST
    if accepted and state is MessageState.IN_DOUBT and reported:
        yield f"{key} is in doubt although its acceptance was reported."
    allowed = _REASONS.get(person.kind, set()) | _limits_on(person, evidence)
    if why is not None and why not in allowed:
        yield f"{key} is blocked as {why}."


def _limits_on(person: Person, evidence: Evidence) -> set[Reason]:
    """Why anybody's message may have been kept back in this schedule."""
    email = person.planned.channel is Channel.EMAIL
    reasons = {
        Reason.CAMPAIGN_STOPPED: evidence.halts and evidence.halts[-1][1] == float("inf"),
        Reason.WARMING_UP: email and evidence.schedule.allowed_emails is not None,
        Reason.BUDGET_EXHAUSTED: not email and evidence.schedule.budgeted_texts is not None,
    }
    return {reason for reason, may_be in reasons.items() if may_be}


def _processes(evidence: Evidence) -> Iterator[str]:
    for end in evidence.ended:
        if end.hung:
            yield "A process never ended."
        elif end.exitcode == worker.BROKEN:
            yield f"A process broke: {_last_words(evidence.log)}"
        elif end.exitcode not in _ENDINGS:
            yield f"A process ended with {end.exitcode}."


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return " | ".join(line.strip() for line in lines[-12:])


def _lost(person: Person, evidence: Evidence, times: Mapping[str, int]) -> bool:
    """Neither accepted, nor refused, nor in doubt, nor kept back for a reason: nobody would ever know."""
    state, why = evidence.entries.get(person.key, (None, None))
    if person.kind is Kind.NOT_DUE or times.get(person.key):
        return False
    return state not in _ANSWERED - {MessageState.ACCEPTED} and why is None


def _offset(evidence: Evidence, at: float) -> timedelta:
    return max(travel.offset for travel in evidence.travels if travel.since <= at)
