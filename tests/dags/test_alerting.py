"""Whoever operates is told of what fails and waits, by Airflow's own notifiers, and a task never fails by telling."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger_builder import NOON, a_message, a_receipt, beginning, claiming
from perennial.ledger.store import Ledger
from perennial.model.words import MessageState
from services import free_port
from webhook_sink import Sink, open_sink

pytestmark = pytest.mark.airflow

CONTEXT = {
    "ti": SimpleNamespace(dag_id="nightly", task_id="validate"),
    "dag_run": SimpleNamespace(
        partition_key="2026-11-21", run_after=datetime(2026, 11, 21, tzinfo=UTC)
    ),
    "exception": ValueError("canary@gmail.com"),
}


@contextmanager
def a_sink() -> Iterator[Sink]:
    """A chat's webhook, in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opened = open_sink()
    try:
        yield asyncio.run_coroutine_threadsafe(opened.__aenter__(), loop).result()
        asyncio.run_coroutine_threadsafe(opened.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def texts(sink: Sink) -> list[str]:
    return [json.loads(post.body)["text"] for post in sink.posts]


def test_a_failed_task_is_told_by_name_and_never_by_its_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Case 47."""
    from perennial.orchestration.alerting import Operators

    with a_sink() as sink:
        monkeypatch.setenv("PERENNIAL_ALERT_WEBHOOK", f"{sink.url}/alerts")
        Operators("task_failed").notify(CONTEXT)

    (text,) = texts(sink)
    assert text.startswith("Perennial, nightly, 2026-11-21, task validate: A task has failed")
    assert "canary" not in text


def test_bad_figures_are_told_at_the_end_of_a_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from perennial.orchestration.alerting import Watching

    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path))
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    with a_sink() as sink:
        monkeypatch.setenv("PERENNIAL_ALERT_WEBHOOK", sink.url)
        Watching().notify(CONTEXT)
        assert sink.posts == []
        message = a_message()
        claiming(ledger, [message])
        beginning(ledger, [message])
        ledger.settle([a_receipt(message, MessageState.IN_DOUBT)], now=NOON)
        Watching().notify(CONTEXT)

    (text,) = texts(sink)
    assert "1 messages: Messages may have been sent" in text


def test_a_run_ends_with_pushing_its_figures_where_a_collector_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from perennial.orchestration.alerting import Watching

    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path))
    with a_sink() as sink:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", sink.url)
        Watching().notify(CONTEXT)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    Watching().notify(CONTEXT)  # nobody is there any more, and no task fails

    (post,) = sink.posts
    assert post.path == "/v1/metrics"
    assert b"perennial_doubts" in post.body


def test_who_cannot_be_told_fails_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    from perennial.orchestration.alerting import Operators

    monkeypatch.setenv("PERENNIAL_ALERT_WEBHOOK", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PERENNIAL_ALERT_EMAILS", "ops@shop.example")
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", f"smtp://127.0.0.1:{free_port()}")

    Operators("task_failed").notify(CONTEXT)


def test_every_task_tells_when_it_fails_and_a_stopped_night_asks_aloud(
    dags: dict[str, Any],
) -> None:
    from perennial.orchestration.alerting import Operators, Watching

    for dag in dags.values():
        for task in dag.tasks:
            (told,) = task.on_failure_callback
            assert isinstance(told, Operators), task.task_id
            assert told.alert == "task_failed"
    (asked,) = dags["nightly"].get_task("release").notifiers
    assert asked.alert == "night_stopped"
    (watching,) = dags["campaign_birthday"].get_task("account").on_success_callback
    assert isinstance(watching, Watching)
