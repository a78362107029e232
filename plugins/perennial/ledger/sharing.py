"""What all workers share about a provider: how much at once, how fast, and whether to leave it alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, Select, delete, select, update

from perennial.ledger.database import Database
from perennial.ledger.statements import statement
from perennial.ledger.tables import provider_workers, providers
from perennial.ledger.values import Share


def share(
    database: Database,
    provider: str,
    *,
    worker: str,
    at_once: int,
    busy: int,
    lease: timedelta,
) -> Share:
    """Renews a worker's share of the batches that a provider takes at once.

    What is written down for a worker is never less than what it has on the wire, so that all that is written down
    never adds up to more than `at_once`. What the worker is told may be less: then it begins nothing until its
    batches have come back, and renews, so that the others get what it had too much.
    """

    def renew(connection: Connection) -> Share:
        known = _locked(connection, database, provider)
        clock = database.clock(connection)
        theirs = _living(connection, provider, clock)
        theirs.pop(worker, None)
        fair = _fair(worker, [*theirs, worker], at_once)
        free = max(0, at_once - sum(theirs.values()))
        told = min(fair, free)
        held = {
            "provider": provider,
            "worker": worker,
            "at_once": max(told, min(busy, free)),
            "lease_until": clock + lease,
        }
        connection.execute(statement("renew_share", database.dialect), held)
        return _told(told, known, clock)

    return database.write(renew)


def leave(database: Database, provider: str, *, worker: str) -> None:
    """Gives a worker's share back at once, instead of when its lease ends."""
    database.write(
        lambda connection: connection.execute(
            delete(provider_workers).where(
                provider_workers.c.provider == provider, provider_workers.c.worker == worker
            )
        ).close()
    )


def take_turns(
    database: Database, provider: str, *, units: int, per_second: float, lead: timedelta
) -> timedelta:
    """Reserves `units` of a provider's rate; says how long from now the first of them may begin.

    Reservations follow each other without gaps or overlaps: each begins where the one before it ends, but never
    sooner than `lead` from now. What nobody reserved is lost, so that a pause is not followed by a burst. Whoever
    spreads its units evenly keeps the rate in every second; whoever begins them all with the first keeps it but for
    the units of the last reservation.
    """

    def reserve(connection: Connection) -> timedelta:
        known = _locked(connection, database, provider)
        clock = database.clock(connection)
        turn = max(known.next_turn or clock, clock + lead)
        connection.execute(
            update(providers)
            .where(providers.c.provider == provider)
            .values(next_turn=turn + timedelta(seconds=units / per_second))
        )
        return turn - clock

    return database.write(reserve)


def leave_alone(database: Database, provider: str, *, wait: timedelta, cause: str) -> None:
    """Keeps everybody from asking a provider for a while; of several waits, the longest stands."""

    def put_off(connection: Connection) -> None:
        known = _locked(connection, database, provider)
        until = database.clock(connection) + wait
        if known.not_before is None or known.not_before < until:
            connection.execute(
                update(providers)
                .where(providers.c.provider == provider)
                .values(not_before=until, cause=cause)
            )

    database.write(put_off)


def reached(database: Database, provider: str) -> None:
    """Forgets the batches that never got there. Nothing is written when there are none, as almost always."""
    failing = providers.c.provider == provider, providers.c.failures > 0
    with database.reading() as connection:
        if connection.execute(select(providers.c.provider).where(*failing)).first() is None:
            return
    database.write(
        lambda connection: connection.execute(
            update(providers).where(*failing).values(failures=0)
        ).close()
    )


def unreached(database: Database, provider: str) -> int:
    """Counts a batch that never got there; says how many there were in a row, by all workers together."""
    counted = statement("count_failure", database.dialect)
    count: int = database.write(
        lambda connection: connection.execute(counted, {"provider": provider}).scalar_one()
    )
    return count


def _locked(connection: Connection, database: Database, provider: str) -> Row[tuple[object, ...]]:
    """What is known about a provider. Until the transaction ends, nobody else changes it."""
    asked: Select[tuple[object, ...]] = (
        select(providers).where(providers.c.provider == provider).with_for_update()
    )
    known = connection.execute(asked).one_or_none()
    if known is None:
        connection.execute(statement("know_provider", database.dialect), {"provider": provider})
        known = connection.execute(asked).one()
    return known


def _living(connection: Connection, provider: str, clock: datetime) -> dict[str, int]:
    """What each worker holds whose lease has not ended; forgets the others."""
    ours = provider_workers.c.provider == provider
    rows = connection.execute(select(provider_workers).where(ours)).all()
    if any(row.lease_until <= clock for row in rows):
        ended = provider_workers.c.lease_until <= clock
        connection.execute(delete(provider_workers).where(ours, ended))
    return {row.worker: row.at_once for row in rows if row.lease_until > clock}


def _fair(worker: str, workers: list[str], at_once: int) -> int:
    """An equal part for each; what cannot be divided goes to the first by name."""
    each, left_over = divmod(at_once, len(workers))
    return each + (sorted(workers).index(worker) < left_over)


def _told(at_once: int, known: Row[tuple[object, ...]], clock: datetime) -> Share:
    if known.not_before is None or known.not_before <= clock:
        return Share(at_once=at_once)
    return Share(at_once=at_once, wait=known.not_before - clock, cause=known.cause)
