"""One schedule, from an empty ledger until nothing is left to do, by Perennial."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import create_engine, text

from chaos import worker
from chaos.audience import CAMPAIGN, DAY, audience, new_sender
from chaos.databases import Databases, keep_busy
from chaos.judging import Evidence, Travel
from chaos.schedule import Act, Deed, Generation, Kind, Run, Schedule, Webhooks
from chaos.timeline import Ended, play
from chaos.world import World
from perennial.errors import LedgerError
from perennial.ledger.store import Ledger
from perennial.model.events import ProviderEvent
from perennial.model.words import Control, MessageState, SuppressionReason

_ROUNDS = 10
_PERSISTENCE = 10.0
_CALM_LEASE = 5.0
_OPEN = {MessageState.CLAIMED, MessageState.DISPATCHING, MessageState.RETRYABLE}
_LONG_WAIT = timedelta(minutes=20)


class Play:
    """Carries a schedule out, and keeps what only a bystander can know: who was suppressed when, what time it was."""

    def __init__(
        self,
        schedule: Schedule,
        world: World,
        fork: ForkServerContext,
        made: Databases,
        folder: Path,
    ) -> None:
        self._schedule = schedule
        self._world = world
        self._fork = fork
        self._made = made
        self._folder = folder
        self._url = made.ledger(schedule.backend, folder)
        self._operator = Ledger(self._url)
        self._began = world.began
        self._people = audience(schedule, self._began)
        self._travels = [Travel(since=0.0, offset=timedelta())]
        self._workers = 0
        self._suppressed: dict[str, float] = {}
        self._halts: list[tuple[float, float]] = []
        self._calm: Schedule | None = None
        # A process that is frozen while it writes holds everybody up, but not the hand that lets it thaw.
        self._office = ThreadPoolExecutor(1)
        self._errands: list[Future[None]] = []
        self._stopped = False
        self._ended: list[Ended] = []
        self._reports = 0
        self._played: Counter[str] = Counter()

    def close(self) -> None:
        """Nothing is left behind."""
        self._office.shutdown(cancel_futures=True)
        self._operator.close()
        self._made.drop(self._url)

    def carry_out(self) -> Evidence:
        """Everything that was drawn, and then everything that is left."""
        self._suppress(Kind.SUPPRESSED_BEFORE, 0, 1)
        for number, generation in enumerate(self._schedule.generations):
            self._live(generation, number)
        rounds = self._until_quiet()
        return self._evidence(rounds)

    def _live(self, generation: Generation, number: int) -> None:
        def begin(act: Act) -> None:
            if act.deed is Deed.SUPPRESS:
                count = len(self._schedule.generations)
                self._insist(lambda: self._suppress(Kind.SUPPRESSED_DURING, number, count))
            else:
                self._begin(act)

        self._ended += play(
            generation, start=self._start, begin=begin, end=self._end, tick=self._take_reports
        )
        self._catch_up()
        if generation.waits:
            self._wait_for_leases()
            self._let_time_pass()

    def _start(self, _: int, run: Run) -> BaseProcess:
        self._workers += 1
        order = worker.Order(
            schedule=self._calm or self._schedule,
            run=run,
            worker=f"worker {self._workers}",
            began=self._began,
            offset=self._travels[-1].offset,
            ledger_url=self._url,
            emulator_url=self._world.emulator.url,
            callback_url=self._world.callback_url,
            log=self._folder / "processes.log",
        )
        process = self._fork.Process(target=worker.carry_out, args=(order,))
        process.start()
        return process

    def _begin(self, act: Act) -> None:
        match act.deed:
            case Deed.PROVIDER_GONE:
                self._world.shut_door()
            case Deed.DATABASE_RESTARTS:
                self._made.restart()
            case Deed.DATABASE_READ_ONLY:
                self._made.make_read_only()
            case Deed.DATABASE_BUSY:
                keep_busy(self._url, act.lasts)
            case Deed.PAUSE:
                self._insist(lambda: self._halt(Control.PAUSE))
            case Deed.STOP:
                self._insist(lambda: self._halt(Control.STOP))

    def _end(self, act: Act) -> None:
        match act.deed:
            case Deed.PROVIDER_GONE:
                self._world.open_door()
            case Deed.DATABASE_READ_ONLY:
                self._made.make_writable()
            case Deed.PAUSE:
                self._insist(self._resume)

    def _insist(self, act: Callable[[], None]) -> None:
        """In the office, one after the other; when the database cannot take it, as soon as it can."""
        self._errands.append(self._office.submit(_persist, act))

    def _catch_up(self) -> None:
        while self._errands:
            self._errands.pop(0).result(_PERSISTENCE + 30)

    def _suppress(self, kind: Kind, part: int, parts: int) -> None:
        chosen = [person for person in self._people if person.kind is kind][part::parts]
        for person in chosen:
            if person.key not in self._suppressed:
                self._operator.suppress(
                    address_key=person.planned.address_key,
                    channel=person.planned.channel,
                    reason=SuppressionReason.UNSUBSCRIBED,
                    at=datetime.now(UTC),
                )
                self._suppressed[person.key] = time.time()

    def _halt(self, control: Control) -> None:
        if self._stopped:
            return
        self._command(control)
        self._stopped = control is Control.STOP
        if not self._halted:
            self._halts.append((time.time(), float("inf")))

    def _resume(self) -> None:
        if self._stopped or not self._halted:
            return
        # The database may refuse the command; the halt has ended only when it has taken it.
        ended = time.time()
        self._command(Control.RUN)
        self._halts[-1] = (self._halts[-1][0], ended)

    @property
    def _halted(self) -> bool:
        return bool(self._halts) and self._halts[-1][1] == float("inf")

    def _command(self, control: Control) -> None:
        self._operator.command(
            control, campaign=CAMPAIGN, by="operator", reason="a drill", at=datetime.now(UTC)
        )

    def _take_reports(self) -> None:
        busy = self._errands and not self._errands[-1].done()
        if self._schedule.webhooks is not Webhooks.WAIT and not busy:
            self._apply_reports()

    def _apply_reports(self) -> None:
        reports = self._world.take_reports()
        if reports:
            self._reports += len(reports)
            self._insist(lambda: self._apply(reports))

    def _apply(self, reports: Sequence[ProviderEvent]) -> None:
        self._operator.apply_events(reports, received_at=datetime.now(UTC))

    def _until_quiet(self) -> int:
        """Everything works again; a scheduler starts the plan until nothing is left to do."""
        self._played = self._world.end_faults()
        self._insist(self._resume)
        # On a busy machine the short times of the schedule could keep a run from ever getting anywhere.
        self._calm = replace(self._schedule, lease=_CALM_LEASE, patience=_CALM_LEASE / 2)
        everything = Generation(runs=[Run(first=0, last=len(self._people))])
        for number in range(_ROUNDS):
            self._wait_for_leases()
            self._let_time_pass()
            self._world.settled()
            self._apply_reports()
            self._catch_up()
            if number and self._quiet():
                if number > 1 or not self._operator.doubts():
                    return number
                time.sleep(self._schedule.silence)
            self._ended += play(
                everything,
                start=self._start,
                begin=self._begin,
                end=self._end,
                tick=self._take_reports,
            )
        return _ROUNDS

    def _quiet(self) -> bool:
        standing = self._operator.standing(CAMPAIGN, DAY)
        known = {key: (state, why) for key, state, why in standing.entries()}
        waiting = {person.key for person in self._people if person.kind is Kind.NOT_DUE}
        return all(
            person.key in waiting
            or (person.key in known and (known[person.key][1] or known[person.key][0] not in _OPEN))
            for person in self._people
        )

    def _wait_for_leases(self) -> None:
        time.sleep(self._schedule.lease + 0.05)

    def _let_time_pass(self) -> None:
        """Waits of many seconds are over: for the processes by their clock, for the ledger by its own."""
        offset = self._travels[-1].offset + _LONG_WAIT
        self._travels.append(Travel(since=time.time(), offset=offset))
        engine = create_engine(self._url)
        with engine.begin() as connection:
            connection.execute(text("update providers set not_before = null, cause = null"))
        engine.dispose()

    def _evidence(self, rounds: int) -> Evidence:
        standing = self._operator.standing(CAMPAIGN, DAY)
        return Evidence(
            schedule=self._schedule,
            people=self._people,
            entries={key: (state, why) for key, state, why in standing.entries()},
            total=standing.total,
            counted_emails=self._counted_emails(),
            begun=_begun(self._url),
            suppressed=self._suppressed,
            halts=self._halts,
            travels=self._travels,
            ended=self._ended,
            reports=self._reports,
            faults=self._played,
            quiet=rounds < _ROUNDS,
            record=self._world.record,
            log=self._folder / "processes.log",
        )

    def _counted_emails(self) -> int:
        sender = new_sender(self._schedule, self._began)
        now = datetime.now(UTC) + self._travels[-1].offset
        day = self._operator.sender_day(sender, now=now) if sender else None
        return day.sent if day else 0


def _persist(act: Callable[[], None]) -> None:
    deadline = time.monotonic() + _PERSISTENCE
    while True:
        try:
            return act()
        except LedgerError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _begun(url: str) -> dict[str, list[float]]:
    """When requests with each message were begun, by the database's clock."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "select message_key, dispatched_at from message_changes where dispatched_at is not null"
                " union select key, dispatched_at from messages where dispatched_at is not null"
            )
        ).all()
    engine.dispose()
    begun: dict[str, list[float]] = {}
    for key, at in rows:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        begun.setdefault(key, []).append(moment.timestamp())
    return begun
