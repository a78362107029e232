"""A collector of OpenTelemetry gets the figures that Prometheus would read, decoded here as any collector decodes them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest
import requests
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from typer.testing import CliRunner

from edge_server import an_installation, edge_thread
from ledger_builder import NOON
from perennial.cli.commands import app
from perennial.edge.app import make_app
from perennial.errors import SettingsError
from perennial.operations.figures import FIGURES
from perennial.operations.pushing_figures import push_figures
from perennial.operations.samples import Sample
from perennial.operations.taking_figures import take_figures

ENDPOINT, PROTOCOL = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"
SAMPLES = [
    Sample(figure="perennial_doubts", value=3),
    Sample(figure="perennial_brake", value=1, labels=("gmail",)),
    Sample(figure="perennial_brake", value=0, labels=("yahoo",)),
    Sample(figure="perennial_edge_events_total", value=7, labels=("sendgrid", "delivered")),
]


class Collector(ThreadingHTTPServer):
    """Takes what is pushed to it; `status` is what it answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.status = 200
        self.pushed: Queue[tuple[str, dict[str, str], ExportMetricsServiceRequest]] = Queue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next(self) -> tuple[str, dict[str, str], ExportMetricsServiceRequest]:
        return self.pushed.get(timeout=60)


class _Door(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.pushed.put((self.path, headers, ExportMetricsServiceRequest.FromString(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keeps quiet."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv(ENDPOINT, server.url)
        yield server
        server.shutdown()


def values(request: ExportMetricsServiceRequest) -> dict[tuple[str, ...], float]:
    """Each value by its name and the values of its labels, in the order of their names."""
    found: dict[tuple[str, ...], float] = {}
    for metric in request.resource_metrics[0].scope_metrics[0].metrics:
        points = (metric.gauge if metric.HasField("gauge") else metric.sum).data_points
        for point in points:
            labels = {pair.key: pair.value.string_value for pair in point.attributes}
            assert set(labels) == set(FIGURES[metric.name].labels)
            ordered = tuple(labels[name] for name in FIGURES[metric.name].labels)
            found[metric.name, *ordered] = point.as_double or point.as_int
    return found


def test_a_collector_gets_every_value_with_its_labels(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=shop")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=staging")

    push_figures(SAMPLES, at=NOON)

    path, headers, request = collector.next()
    assert (path, headers["x-tenant"]) == ("/v1/metrics", "shop")
    assert values(request) == {
        ("perennial_doubts",): 3,
        ("perennial_brake", "gmail"): 1,
        ("perennial_brake", "yahoo"): 0,
        ("perennial_edge_events_total", "sendgrid", "delivered"): 7,
    }
    said = request.resource_metrics[0].resource.attributes
    assert {pair.key: pair.value.string_value for pair in said} == {
        "service.name": "perennial",
        "deployment.environment": "staging",
    }


def test_what_only_grows_is_a_sum_since_its_beginning_and_the_rest_a_gauge(
    collector: Collector,
) -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)

    push_figures(SAMPLES, at=NOON, since=since)

    metrics = collector.next()[2].resource_metrics[0].scope_metrics[0].metrics
    kinds = {metric.name: metric.WhichOneof("data") for metric in metrics}
    assert kinds == {
        "perennial_doubts": "gauge",
        "perennial_brake": "gauge",
        "perennial_edge_events_total": "sum",
    }
    (sum_,) = [metric.sum for metric in metrics if metric.HasField("sum")]
    assert sum_.is_monotonic
    (point,) = sum_.data_points
    assert point.start_time_unix_nano == int(since.timestamp()) * 10**9
    assert point.time_unix_nano == int(NOON.timestamp()) * 10**9
    assert all(metric.description == FIGURES[metric.name].meaning for metric in metrics)


def test_an_installations_figures_are_the_same_as_for_prometheus(
    collector: Collector, tmp_path: Path
) -> None:
    """Case 47."""
    with an_installation(tmp_path) as perennial:
        perennial.simulated_now = NOON
        taken = take_figures(perennial)

    push_figures(taken, at=NOON)

    expected = {(s.figure, *map(str, s.labels)): s.value for s in taken}
    assert values(collector.next()[2]) == expected


def test_the_command_pushes_and_prints_nothing(
    collector: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path))

    done = CliRunner().invoke(app, ["metrics", "--push"])

    assert (done.exit_code, done.stdout) == (0, "")
    assert ("perennial_doubts",) in values(collector.next()[2])


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({ENDPOINT: ""}, "No collector is named: set OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({PROTOCOL: "grpc"}, "not by grpc: set OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"),
    ],
)
def test_where_it_cannot_push_it_says_what_to_set(
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    said: str,
) -> None:
    for name, text in environment.items():
        monkeypatch.setenv(name, text)

    with pytest.raises(SettingsError, match=said):
        push_figures(SAMPLES, at=NOON)

    assert collector.pushed.empty()


def test_a_collector_that_refuses_is_told(collector: Collector) -> None:
    collector.status = 401

    with pytest.raises(SettingsError, match="has not taken the figures"):
        push_figures(SAMPLES, at=NOON)


def test_the_web_app_pushes_what_came_in_again_and_again(
    collector: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", "50")
    forged = ("perennial_edge_posts_total", "sendgrid", "forged")
    with an_installation(tmp_path) as perennial, edge_thread(perennial) as url:
        before = values(collector.next()[2])
        requests.post(f"{url}/hooks/sendgrid", data=b"[]", timeout=60)
    while not collector.pushed.empty():
        last = values(collector.next()[2])

    assert before[forged] == 0
    assert last[forged] == 1
    assert {name for name, *_ in last} == {n for n, f in FIGURES.items() if f.kind == "counter"}


@pytest.mark.usefixtures("collector")
def test_an_interval_that_is_none_is_told_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", "often")
    with an_installation(tmp_path) as perennial, pytest.raises(SettingsError, match="milliseconds"):
        make_app(perennial)
