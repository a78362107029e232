"""The harness sees what it is there to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chaos.audience import Person, audience
from chaos.judging import Evidence, Travel, judge
from chaos.schedule import Kind, Webhooks, draw_schedule
from perennial.emulator.record import Acceptance, Record
from perennial.model.words import MessageState, Reason

BEGAN = datetime(2026, 11, 22, 10, tzinfo=UTC)
KINDS = [Kind.ORDINARY, Kind.ORDINARY, Kind.SUPPRESSED_BEFORE]
SCHEDULE = replace(
    draw_schedule(1), emails=KINDS, texts=(), webhooks=Webhooks.FLOW, allowed_emails=None
)
FIRST, SECOND, SUPPRESSED = audience(SCHEDULE, BEGAN)
NOON = BEGAN.timestamp()


def evidence(folder: Path, accepted: Sequence[Person], **changes: object) -> Evidence:
    record = Record(folder / "accepted.jsonl")
    record.add([_acceptance(person) for person in accepted])
    record.close()
    entries: Mapping[str, tuple[MessageState | None, Reason | None]] = {
        FIRST.key: (MessageState.ACCEPTED, None),
        SECOND.key: (MessageState.ACCEPTED, None),
        SUPPRESSED.key: (None, Reason.SUPPRESSED),
    }
    fine = Evidence(
        schedule=SCHEDULE,
        people=(FIRST, SECOND, SUPPRESSED),
        entries=entries,
        total=3,
        counted_emails=0,
        begun={person.key: [NOON] for person in accepted},
        suppressed={SUPPRESSED.key: NOON - 60},
        halts=(),
        travels=[Travel(since=0.0, offset=timedelta())],
        ended=(),
        faults={},
        reports=0,
        quiet=True,
        record=folder / "accepted.jsonl",
        log=folder / "log",
    )
    return replace(fine, **changes)  # type: ignore[arg-type]


def _acceptance(person: Person) -> Acceptance:
    return Acceptance(
        provider="sendgrid",
        key=person.key,
        message_id="m",
        recipient="r",
        subject="s",
        content="c",
        at=NOON,
    )


def test_a_run_that_keeps_the_promise_is_not_blamed(tmp_path: Path) -> None:
    assert judge(evidence(tmp_path, [FIRST, SECOND]), 1.0).broken == []


@pytest.mark.parametrize(
    ("accepted", "said"),
    [
        ([FIRST, FIRST, SECOND], "accepted 2 times"),
        ([FIRST, SECOND, SUPPRESSED], "suppressed before the run"),
        ([FIRST], "was never accepted"),
    ],
    ids=["twice", "to a suppressed address", "made up"],
)
def test_what_was_accepted_wrongly_is_seen(
    tmp_path: Path, accepted: Sequence[Person], said: str
) -> None:
    assert any(said in sentence for sentence in judge(evidence(tmp_path, accepted), 1.0).broken)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quiet": False}, "never came to an end"),
        ({"total": 4}, "counts 4 messages"),
        ({"halts": [(NOON - 1, NOON + 1)]}, "paused or stopped"),
        ({"suppressed": {FIRST.key: NOON - 1}}, "after its address had been suppressed"),
        ({"entries": {}}, "unknown to the ledger"),
    ],
    ids=["no end", "accounts", "paused", "suppressed", "forgotten"],
)
def test_what_the_ledger_has_wrong_is_seen(
    tmp_path: Path, changes: Mapping[str, object], said: str
) -> None:
    judged = judge(evidence(tmp_path, [FIRST, SECOND], **changes), 1.0)
    assert any(said in sentence for sentence in judged.broken)


@pytest.mark.parametrize(
    ("allowed", "counted", "blocked", "said"),
    [
        (1, 1, None, "2 of email were accepted, where the sender's day allows 1"),
        (9, 2, Reason.WARMING_UP, "kept back although only 2 were counted"),
        (None, 0, Reason.WARMING_UP, "is blocked as warming_up"),
    ],
    ids=["too many", "too few", "no limit"],
)
def test_a_limit_that_was_passed_or_made_up_is_seen(
    tmp_path: Path, allowed: int | None, counted: int, blocked: Reason | None, said: str
) -> None:
    third = replace(SUPPRESSED, kind=Kind.ORDINARY)
    sent = (MessageState.ACCEPTED, None)
    judged = judge(
        evidence(
            tmp_path,
            [FIRST, SECOND],
            schedule=replace(SCHEDULE, allowed_emails=allowed),
            people=(FIRST, SECOND, third),
            entries={FIRST.key: sent, SECOND.key: sent, third.key: (None, blocked)},
            counted_emails=counted,
            suppressed={},
        ),
        1.0,
    )
    assert any(said in sentence for sentence in judged.broken)


def test_a_message_that_nobody_has_heard_of_is_lost(tmp_path: Path) -> None:
    gone = evidence(tmp_path, [FIRST], entries={FIRST.key: (MessageState.ACCEPTED, None)})
    assert judge(gone, 1.0).counts["lost"] == 2
