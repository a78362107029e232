"""Pushes figures to a collector of OpenTelemetry, by OTLP over HTTP, where its usual environment names one.

OTEL_EXPORTER_OTLP_ENDPOINT and its companions are OpenTelemetry's own and mean what they mean everywhere: headers, time
limit, certificate, compression, resource attributes. The service is called perennial unless they say otherwise.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from perennial.errors import SettingsError
from perennial.operations.figures import FIGURES, Figure
from perennial.operations.samples import Sample

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import Gauge, Metric, NumberDataPoint, Sum
    from opentelemetry.sdk.resources import Resource

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_INTERVAL = "OTEL_METRIC_EXPORT_INTERVAL"
_SPOKEN = "http/protobuf"
_USUAL_MILLISECONDS = 60_000


def collector_is_named() -> bool:
    """Whether the environment says where figures are to be pushed."""
    return bool(_set(_ENDPOINTS))


def seconds_between_pushes() -> float:
    """How often a process that goes on pushes: OTEL_METRIC_EXPORT_INTERVAL, a minute without it.

    Raises:
        SettingsError: it is no number of milliseconds.
    """
    text = os.environ.get(_INTERVAL) or str(_USUAL_MILLISECONDS)
    if not text.isdecimal() or not int(text):
        msg = f"{_INTERVAL} must be a whole number of milliseconds, such as {_USUAL_MILLISECONDS}."
        raise SettingsError(msg)
    return int(text) / 1000


def push_figures(samples: Sequence[Sample], *, at: datetime, since: datetime | None = None) -> None:
    """Pushes the values of an instant; counters were counted `since` another one.

    Raises:
        SettingsError: no collector is named, it is to be spoken to in another way, or it has not taken them.
    """
    if not collector_is_named():
        msg = f"No collector is named: set {_ENDPOINTS[1]}, such as http://localhost:4318. Nothing was pushed."
        raise SettingsError(msg)
    if (protocol := _set(_PROTOCOLS) or _SPOKEN) != _SPOKEN:
        msg = (
            f"Figures are pushed by {_SPOKEN}, not by {protocol}: set {_PROTOCOLS[0]}={_SPOKEN}, and"
            f" {_ENDPOINTS[0]} to the collector's address for it, usually port 4318 and /v1/metrics. Nothing was pushed."
        )
        raise SettingsError(msg)
    _export(samples, at, since or at)


def _export(samples: Sequence[Sample], at: datetime, since: datetime) -> None:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics.export import (
        MetricExportResult,
        MetricsData,
        ResourceMetrics,
        ScopeMetrics,
    )
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    metrics = list(_metrics(samples, at, since))
    scope = ScopeMetrics(scope=InstrumentationScope("perennial"), metrics=metrics, schema_url="")
    data = ResourceMetrics(resource=_resource(), scope_metrics=[scope], schema_url="")
    exporter = OTLPMetricExporter()
    try:
        result = exporter.export(MetricsData(resource_metrics=[data]))
    finally:
        exporter.shutdown()
    if result is not MetricExportResult.SUCCESS:
        msg = (
            f"The collector has not taken the figures: see that it runs, and that {_ENDPOINTS[1]} and"
            " OTEL_EXPORTER_OTLP_HEADERS are right. The next push has them all again."
        )
        raise SettingsError(msg)


def _resource() -> Resource:
    """Who says so: the service, and what OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME add."""
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    return Resource({"service.name": "perennial"}).merge(OTELResourceDetector().detect())


def _metrics(samples: Sequence[Sample], at: datetime, since: datetime) -> Iterator[Metric]:
    from opentelemetry.sdk.metrics.export import Metric

    by_figure: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_figure[sample.figure].append(sample)
    for name, mine in by_figure.items():
        figure = FIGURES[name]
        # Without a unit, so that collectors give Prometheus the same names as `perennial metrics`.
        points = [_point(figure, sample, at, since) for sample in mine]
        yield Metric(name=name, description=figure.meaning, unit="", data=_data(figure, points))


def _data(figure: Figure, points: Sequence[NumberDataPoint]) -> Gauge | Sum:
    from opentelemetry.sdk.metrics.export import AggregationTemporality, Gauge, Sum

    if figure.kind == "gauge":
        return Gauge(data_points=points)
    whole = AggregationTemporality.CUMULATIVE
    return Sum(data_points=points, aggregation_temporality=whole, is_monotonic=True)


def _point(figure: Figure, sample: Sample, at: datetime, since: datetime) -> NumberDataPoint:
    from opentelemetry.sdk.metrics.export import NumberDataPoint

    labels: Mapping[str, str] = dict(zip(figure.labels, map(str, sample.labels), strict=True))
    return NumberDataPoint(
        attributes=labels,
        start_time_unix_nano=_nanoseconds(since),
        time_unix_nano=_nanoseconds(at),
        value=sample.value,
    )


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000


def _set(names: Sequence[str]) -> str | None:
    """The first of some variables of the environment that is set."""
    return next((value for name in names if (value := os.environ.get(name))), None)
