"""What came back for a campaign, in the words and shares of the page of a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from perennial.ledger.responding import ChannelResponses, DayResponses
from perennial.model.surveys import SCORES
from perennial.model.words import Channel, SurveyScale
from perennial.report.estimates import Estimate, promoter_score, satisfaction, share_of


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure of a campaign; `percent` is its share of what `of` says, where there is such a whole."""

    name: str
    label: str
    count: int
    percent: float | None = None
    of: str = ""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The answers on one scale; `rate` is the share of those asked who answered, `low` and `high` end the interval."""

    scale: SurveyScale
    answers: int
    estimate: Estimate
    rate: Estimate | None
    asked: int
    scores: Mapping[int, int]
    most: int


@dataclass(frozen=True, kw_only=True)
class ResponseFigures:
    """What the page shows of what came back.

    `reached` goes from what was accepted to what was followed, `lost` says what did not arrive, `refused` who wants
    no more of it. `machines` and `machine_clicks` are messages that none but machines opened or followed a link of.
    `told` is false as long as nobody has reported anything: then nothing is known, which is not zero.
    """

    told: bool
    reached: tuple[Line, ...]
    machines: int
    machine_clicks: int
    unclear: int
    lost: tuple[Line, ...]
    refused: tuple[Line, ...]
    surveys: tuple[Survey, ...]
    cases: int


def response_figures(responses: DayResponses) -> ResponseFigures:
    """Works the shares out."""
    total = _total(responses.channels)
    shown = _total([c for c in responses.channels if c.channel is not Channel.SMS])
    by_whatsapp = any(c.channel is Channel.WHATSAPP for c in responses.channels)
    shown_as = "emails and WhatsApp messages" if by_whatsapp else "emails"
    told = total.untold < total.accepted or bool(responses.scores) or _refusals(total) > 0
    return ResponseFigures(
        told=told,
        reached=_reached(total, shown, shown_as),
        machines=shown.opened_by_machines,
        machine_clicks=shown.clicked_by_machines,
        unclear=shown.opened_by_somebody,
        lost=tuple(line for line in _lost(total) if line.count),
        refused=_refused(total),
        surveys=tuple(
            survey
            for scale, scores in sorted(responses.scores.items())
            if (survey := _survey(scale, scores, total))
        ),
        cases=responses.cases,
    )


def _reached(total: ChannelResponses, shown: ChannelResponses, shown_as: str) -> tuple[Line, ...]:
    """Texts say nothing about who reads them: openings and clicks are shares of what can tell."""
    lines = [
        Line(name="accepted", label="Accepted by the provider", count=total.accepted),
        _line("delivered", "Delivered", total.delivered, total.accepted, "of those accepted"),
    ]
    if shown.accepted:
        of = f"of delivered {shown_as}"
        lines += [
            _line("opened", "Opened by people", shown.opened_by_people, shown.delivered, of),
            _line("clicked", "Followed a link", shown.clicked_by_people, shown.delivered, of),
        ]
    return tuple(lines)


def _lost(total: ChannelResponses) -> tuple[Line, ...]:
    whole, of = total.accepted, "of those accepted"
    return (
        _line("bounced", "Bounced: no such address", total.bounced, whole, of),
        _line("undelivered", "Not delivered this time", total.undelivered, whole, of),
        _line("untold", "Nobody has said yet", total.untold, whole, of),
    )


def _refused(total: ChannelResponses) -> tuple[Line, ...]:
    whole, of = total.delivered, "of those delivered"
    return (
        _line("unsubscribed", "Unsubscribed", total.unsubscribed, whole, of),
        _line("stopped", "Answered STOP", total.stopped, whole, of),
        _line("complained", "Marked it as spam", total.complained, whole, of),
    )


def _refusals(total: ChannelResponses) -> int:
    return total.unsubscribed + total.stopped + total.complained


def _survey(
    scale: SurveyScale, scores: Mapping[int, int], total: ChannelResponses
) -> Survey | None:
    worked_out = satisfaction if scale is SurveyScale.CSAT else promoter_score
    estimate = worked_out(scores)
    if estimate is None:
        return None
    answers = sum(scores.values())
    return Survey(
        scale=scale,
        answers=answers,
        estimate=estimate,
        rate=share_of(answers, total.delivered) if answers <= total.delivered else None,
        asked=total.delivered,
        scores={score: scores.get(score, 0) for score in reversed(SCORES[scale])},
        most=max(scores.values()),
    )


def _line(name: str, label: str, count: int, whole: int, of: str) -> Line:
    return Line(
        name=name, label=label, count=count, percent=100 * count / whole if whole else None, of=of
    )


def _total(channels: tuple[ChannelResponses, ...] | list[ChannelResponses]) -> ChannelResponses:
    """All channels as one."""
    names = [name for name in ChannelResponses.__dataclass_fields__ if name != "channel"]
    sums = {name: sum(getattr(c, name) for c in channels) for name in names}
    return ChannelResponses(channel=Channel.EMAIL, **sums)
