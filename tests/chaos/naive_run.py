"""The naive task through a schedule: the same people, faults, kills and events, and Airflow's three retries."""

from __future__ import annotations

import time
from collections import Counter
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from chaos import naive_worker
from chaos.audience import Person, audience
from chaos.databases import Databases, keep_busy
from chaos.judging import Outcome, late_to_suppressed
from chaos.schedule import Act, Deed, Generation, Kind, Run, Schedule
from chaos.timeline import Ended, play
from chaos.world import World
from perennial.emulator.record import digest, read_record
from perennial.model.words import Channel

_TRIES = 4
# Its table knows no hour, no words that are missing, and no day but today.
_NOT_ITS_BUSINESS = {Kind.EXPIRED, Kind.NOT_DUE, Kind.WITHOUT_WORDS}
_HAVE_TO_GET_IT = {Kind.ORDINARY, Kind.DUE_SOON, Kind.EXPIRES_SOON}


class NaivePlay:
    """Carries a schedule out by the naive task."""

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
        self._url = made.empty(schedule.backend, folder)
        self._engine = create_engine(self._url, pool_pre_ping=True)
        self._people = [
            person
            for person in audience(schedule, world.began)
            if person.kind not in _NOT_ITS_BUSINESS
        ]
        self._suppressed: dict[str, float] = {}
        self._put_off: list[Person] = []
        self._ended: list[Ended] = []

    def close(self) -> None:
        """Nothing is left behind."""
        self._engine.dispose()
        self._made.drop(self._url)

    def carry_out(self) -> Outcome:
        """The generations of the schedule are the task's tries; what is left of its retries comes after."""
        began = time.monotonic()
        self._fill()
        for number, generation in enumerate(self._schedule.generations):
            self._try(generation, number)
        self._world.end_faults()
        last = Generation(runs=[Run(first=0, last=self._schedule.size)])
        for _ in range(max(1, _TRIES - len(self._schedule.generations))):
            if self._try(last, None):
                break
        return self._outcome(time.monotonic() - began)

    def _try(self, generation: Generation, number: int | None) -> bool:
        def begin(act: Act) -> None:
            if act.deed is Deed.SUPPRESS and number is not None:
                parts = len(self._schedule.generations)
                chosen = [p for p in self._people if p.kind is Kind.SUPPRESSED_DURING]
                self._put_off += chosen[number::parts]
                self._suppress()
            self._begin(act)

        ended = play(generation, start=self._start, begin=begin, end=self._end, tick=self._suppress)
        self._ended += ended
        self._suppress()
        return all(end.exitcode == 0 for end in ended)

    def _start(self, _: int, run: Run) -> BaseProcess:
        order = naive_worker.NaiveOrder(
            schedule=self._schedule,
            run=run,
            database_url=self._url,
            emulator_url=self._world.emulator.url,
        )
        process = self._fork.Process(target=naive_worker.carry_out, args=(order,))
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

    def _end(self, act: Act) -> None:
        match act.deed:
            case Deed.PROVIDER_GONE:
                self._world.open_door()
            case Deed.DATABASE_READ_ONLY:
                self._made.make_writable()

    def _fill(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(naive_worker.birthday_wishes.SCHEMA))
            insert = text(
                "insert into customers (customer_id, email, phone, birthday, unsubscribed)"
                " values (:customer_id, :email, :phone, :birthday, :unsubscribed)"
            )
            connection.execute(insert, [_row(person) for person in self._people])
        for person in self._people:
            if person.kind is Kind.SUPPRESSED_BEFORE:
                self._suppressed[person.key] = time.time()

    def _suppress(self) -> None:
        if not self._put_off:
            return
        update = text("update customers set unsubscribed = 1 where customer_id = :customer_id")
        try:
            with self._engine.begin() as connection:
                rows = [{"customer_id": p.planned.customer_id} for p in self._put_off]
                connection.execute(update, rows)
        except DBAPIError:
            return
        self._suppressed |= {person.key: time.time() for person in self._put_off}
        self._put_off.clear()

    def _outcome(self, seconds: float) -> Outcome:
        record = self._world.record
        accepted = list(read_record(record)) if record.exists() else []
        keys = {digest(person.planned.address): person.key for person in self._people}
        found = [
            type(each)(**{**vars(each), "key": keys.get(each.recipient, "")}) for each in accepted
        ]
        times = Counter(each.key for each in found)
        with self._engine.connect() as connection:
            failed = set(
                connection.execute(
                    text("select customer_id from customers where status = 'failed'")
                ).scalars()
            )
        lost = [
            person
            for person in self._people
            if person.kind in _HAVE_TO_GET_IT
            and not times[person.key]
            and person.planned.customer_id not in failed
        ]
        return Outcome(
            seed=self._schedule.seed,
            backend=self._schedule.backend,
            broken=(),
            counts={
                "messages": len(self._people),
                "accepted by providers": sum(times.values()),
                "duplicates": sum(count - 1 for count in times.values()),
                "people written to twice": sum(1 for count in times.values() if count > 1),
                "lost": len(lost),
                "to suppressed": late_to_suppressed(found, self._suppressed),
                "processes": len(self._ended),
            },
            kills=Counter(end.killed_at for end in self._ended if end.killed_at),
            seconds=seconds,
        )


def _row(person: Person) -> dict[str, object]:
    email = person.planned.channel is Channel.EMAIL
    return {
        "customer_id": person.planned.customer_id,
        "email": person.planned.address if email else None,
        "phone": None if email else person.planned.address,
        "birthday": f"{naive_worker.TODAY:%m-%d}",
        "unsubscribed": int(person.kind is Kind.SUPPRESSED_BEFORE),
    }
