"""What many schedules came to: figures for a machine, and the same for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chaos.judging import Outcome
from chaos.playing import Pair

_COMPARED = ("messages", "accepted by providers", "duplicates", "lost", "to suppressed")


def figures(pairs: Sequence[Pair], *, seconds: float) -> dict[str, Any]:
    """Everything that is counted."""
    ours = [pair.ours for pair in pairs]
    naive = [pair.naive for pair in pairs if pair.naive is not None]
    return {
        "schedules": len(pairs),
        "seeds": [min(each.seed for each in ours), max(each.seed for each in ours)],
        "seconds": round(seconds, 1),
        "broken": {each.seed: list(each.broken) for each in ours if each.broken},
        "backends": dict(Counter(each.backend for each in ours)),
        "kills": _sum(each.kills for each in ours),
        "faults": _sum(each.faults for each in ours),
        "deeds": _sum(each.deeds for each in ours),
        "perennial": _sum(each.counts for each in ours),
        "naive": {
            **_sum(each.counts for each in naive),
            "kills": sum(sum(each.kills.values()) for each in naive),
            "schedules with duplicates": _with(naive, "duplicates"),
            "schedules with losses": _with(naive, "lost"),
        }
        if naive
        else None,
    }


def summary(counted: Mapping[str, Any]) -> str:
    """The figures, to be read."""
    ours, naive = counted["perennial"], counted["naive"]
    lines = [
        f"{counted['schedules']} schedules in {counted['seconds']} s: {_listed(counted['backends'])}",
        f"{ours['processes']:,} processes, {sum(counted['kills'].values()):,} of them killed",
        "",
        f"{'':26}{'Perennial':>12}{'naive task':>12}",
        *(f"{name:26}{ours.get(name, 0):>12,}{_figure(naive, name):>12}" for name in _COMPARED),
        f"{'in doubt at the end':26}{ours.get('in_doubt', 0):>12,}{'-':>12}",
        "",
        f"kills by point: {_listed(counted['kills'])}",
        f"faults by kind: {_listed(counted['faults'])}",
        f"around them: {_listed(counted['deeds'])}",
        f"schedules that broke the promise: {len(counted['broken'])}",
    ]
    return "\n".join(lines)


def complaint(outcome: Outcome) -> str:
    """What was broken, and how to see it again."""
    shown = [f"    {sentence}" for sentence in outcome.broken[:8]]
    more = len(outcome.broken) - len(shown)
    shown += [f"    and {more} more"] if more > 0 else []
    head = f"Seed {outcome.seed} ({outcome.backend}) broke the promise; again: make chaos SEED={outcome.seed} SCHEDULES=1"
    return "\n".join([head, *shown])


def _with(outcomes: Iterable[Outcome], name: str) -> int:
    return sum(1 for each in outcomes if each.counts.get(name))


def _figure(counts: Mapping[str, Any] | None, name: str) -> str:
    return "-" if counts is None else f"{counts.get(name, 0):,}"


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items(), key=lambda pair: (-pair[1], pair[0])))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
