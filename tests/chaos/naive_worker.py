"""The naive task in a process of its own, which can be killed at the points that it shares with Perennial."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

import urllib3.connection
from sendgrid import SendGridAPIClient
from sqlalchemy import create_engine
from twilio.rest import Client

from chaos.points import Death, Point
from chaos.schedule import Run, Schedule
from chaos.worker import PUT_OFF
from perennial.emulator.options import ACCOUNT_SID, AUTH_TOKEN, MESSAGING_SERVICE, SENDGRID_KEY

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "naive"))
import birthday_wishes

TODAY = date(2026, 11, 22)

_LIKE = {
    Point.AFTER_HEADERS: Point.AFTER_CONNECT,
    Point.BEFORE_BEGIN: Point.BEFORE_REQUEST,
    Point.AFTER_BEGIN: Point.BEFORE_REQUEST,
    Point.AFTER_SHARE: Point.AFTER_CLAIM,
    Point.AFTER_ABANDON: Point.BEFORE_CLAIM,
    Point.BEFORE_QUESTION: Point.BEFORE_CLAIM,
    Point.AFTER_QUESTION: Point.BEFORE_CLAIM,
    Point.AFTER_SETTLE_DOUBTS: Point.BEFORE_CLAIM,
    Point.AFTER_LEAVE_ALONE: Point.WHILE_PAUSING,
}
"""Where the naive task dies when Perennial would die at a point that it does not have."""

_ONCE_A_MESSAGE = {Point.BEFORE_REQUEST, Point.AFTER_BODY, Point.AFTER_ANSWER}


@dataclass(frozen=True, kw_only=True)
class NaiveOrder:
    """What one process is to do."""

    schedule: Schedule
    run: Run
    database_url: str
    emulator_url: str


def carry_out(order: NaiveOrder) -> None:
    """Run the task, to its end or to the process's."""
    point, turn = comparable(order.run, order.schedule)
    _let_task_die(Death(point, turn))
    texter = Client(
        ACCOUNT_SID,
        AUTH_TOKEN,
        http_client=birthday_wishes.RedirectedHttpClient(order.emulator_url),
    )
    try:
        birthday_wishes.send_wishes(
            create_engine(order.database_url),
            TODAY,
            mailer=SendGridAPIClient(SENDGRID_KEY, host=order.emulator_url),
            texter=texter,
            service=MESSAGING_SERVICE,
        )
    except Exception:  # noqa: BLE001 - Airflow takes any exception for a reason to try again
        os._exit(PUT_OFF)
    os._exit(0)


def comparable(run: Run, schedule: Schedule) -> tuple[Point | None, int]:
    """The point and the turn at which the naive task is about as far as Perennial."""
    if run.dies is None:
        return None, 1
    point = _LIKE.get(run.dies, run.dies)
    if point in _ONCE_A_MESSAGE:
        return point, max(1, min(run.turn * schedule.batch, schedule.size * 2 // 3))
    return point, 1


def _let_task_die(death: Death) -> None:
    task = birthday_wishes
    task.who_has_a_birthday = _around(
        task.who_has_a_birthday, death, Point.BEFORE_CLAIM, Point.AFTER_CLAIM
    )
    task.wish = _around(task.wish, death, Point.BEFORE_REQUEST, None)
    task.mark = _around(task.mark, death, Point.BEFORE_SETTLE, Point.AFTER_SETTLE)
    for connection in (http.client.HTTPConnection, urllib3.connection.HTTPConnection):
        connection.connect = _around(connection.connect, death, None, Point.AFTER_CONNECT)  # type: ignore[method-assign]
    http.client.HTTPConnection.getresponse = _answering(  # type: ignore[method-assign]
        http.client.HTTPConnection.getresponse, death
    )


def _around(
    act: Callable[..., Any], death: Death, before: Point | None, after: Point | None
) -> Callable[..., Any]:
    @wraps(act)
    def acted(*args: Any, **named: Any) -> Any:
        death.here(before or "")
        result = act(*args, **named)
        death.here(after or "")
        return result

    return acted


def _answering(act: Callable[..., Any], death: Death) -> Callable[..., Any]:
    @wraps(act)
    def answered(*args: Any, **named: Any) -> Any:
        death.here(Point.AFTER_BODY)
        response = act(*args, **named)
        death.here(Point.AFTER_ANSWER)
        if response.status in {400, 413}:
            death.here(Point.BETWEEN_HALVES)
        if response.status == 429:
            death.here(Point.WHILE_PAUSING)
        return response

    return answered
