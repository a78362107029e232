"""Values of figures, and Prometheus' way to write them down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from perennial.operations.figures import FIGURES


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One value of a figure, for the values of its labels in their order."""

    figure: str
    value: float
    labels: Sequence[str] = ()


def as_text(samples: Sequence[Sample]) -> str:
    """In the text format of Prometheus, with what each figure means."""
    lines: list[str] = []
    for figure in FIGURES.values():
        mine = [sample for sample in samples if sample.figure == figure.name]
        if not mine:
            continue
        lines += [f"# HELP {figure.name} {figure.meaning}", f"# TYPE {figure.name} {figure.kind}"]
        for sample in mine:
            named = zip(figure.labels, sample.labels, strict=True)
            labels = ",".join(f'{name}="{value}"' for name, value in named)
            lines.append(f"{figure.name}{{{labels}}} {sample.value:.10g}".replace("{}", ""))
    return "\n".join(lines) + "\n"
