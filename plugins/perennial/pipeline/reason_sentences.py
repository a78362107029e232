"""Why somebody got a message or did not, and what became of it: in one English sentence each, from facts alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from perennial.model.words import (
    Channel,
    ConsentSource,
    ConsentState,
    EventWord,
    MessageState,
    Outcome,
    Reason,
    SuppressionReason,
    Topic,
)

_BY = {Channel.EMAIL: "by email", Channel.SMS: "by text message", Channel.WHATSAPP: "on WhatsApp"}
_ADDRESS = {Channel.EMAIL: "email address", Channel.SMS: "number", Channel.WHATSAPP: "number"}
_ABOUT = {Topic.OFFERS: "offers", Topic.LOYALTY: "points and rewards", Topic.FEEDBACK: "orders"}
_HAPPENED = {
    EventWord.PROCESSED: "the provider worked on it",
    EventWord.SENT: "it left the provider",
    EventWord.DEFERRED: "the recipient's side asked to wait",
    EventWord.DELIVERED: "it arrived",
    EventWord.DROPPED: "the provider did not send it after all",
    EventWord.BOUNCED: "it came back, because the address does not exist",
    EventWord.BLOCKED: "the recipient's side did not take it",
    EventWord.UNDELIVERED: "it could not be delivered",
    EventWord.OPENED: "its picture was loaded",
    EventWord.CLICKED: "a link was followed",
    EventWord.COMPLAINED: "it was marked as spam",
    EventWord.UNSUBSCRIBED: "the recipient unsubscribed",
}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A message that reached the person, by the title of its campaign."""

    title: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What is known about one decision; whatever is not known is None, and left out of the sentence.

    `recent` is what reached the person in the seven days before; `earlier` the last message of the same campaign on
    another occasion; `rival` the campaign that has the person's turn. `consent` and `suppression` are those that stood;
    `soft_opt_in_on` is the day of the order that stood in for a consent.
    """

    zone: ZoneInfo
    topic: Topic
    channel: Channel | None = None
    step: int = 1
    detail: str | None = None
    send_at: datetime | None = None
    expires_at: datetime | None = None
    recent: Sequence[Sent] = ()
    earlier: Sent | None = None
    cool_down: timedelta | None = None
    rival: str | None = None
    other_account: str | None = None
    suppression: tuple[SuppressionReason, datetime] | None = None
    consent: tuple[ConsentState, datetime, str | None] | None = None
    soft_opt_in_on: date | None = None
    paused_until: datetime | None = None
    command: tuple[str, datetime, str] | None = None


def decided(outcome: Outcome, reason: Reason | None, known: Circumstances) -> str:
    """What the plan said, and why."""
    if outcome is Outcome.HOLD_OUT:
        return "Left out on purpose, to measure what the campaign changes." + _stands_in(known)
    if reason is None:
        return f"Was to leave {_by(known.channel)}{_at(known.send_at, known.zone)}." + _stands_in(
            known
        )
    again = " It is looked at again tomorrow." if outcome is Outcome.DEFER else ""
    return why_not(reason, known) + again


def why_not(reason: Reason, known: Circumstances) -> str:
    """Why a message does not leave."""
    told = _TOLD.get(reason)
    return (told(known) if told else None) or reason.meaning


def became(
    state: MessageState | None,
    *,
    blocked: Reason | None,
    code: str | None,
    settled_at: datetime | None,
    events: Sequence[tuple[EventWord, datetime]],
    known: Circumstances,
) -> str:
    """What became of a message that the plan said to send."""
    if blocked is not None:
        return f"Stopped just before it left: {_uncapitalised(why_not(blocked, known))}"
    if state is None:
        return "Has not left yet."
    said = {
        MessageState.ACCEPTED: f"The provider accepted it{_at(settled_at, known.zone)}",
        MessageState.REFUSED: "The provider refused it" + (f" ({code})" if code else ""),
    }.get(state)
    if said is None:
        return state.meaning
    stories = [f"{_HAPPENED[word]}{_at(at, known.zone)}" for word, at in events]
    return "; ".join([said, *stories]) + "."


def not_in_audience(unmet: Sequence[tuple[str, Mapping[str, object]]], occasion: str) -> str:
    """Why somebody is in no audience of a campaign: parts of its rule with the figures, else its occasion."""
    if not unmet:
        return f"Not in the audience: the occasion does not come up on this day ({occasion})."
    parts = [f"{rule} is not met ({_figures(figures)})" for rule, figures in unmet]
    return f"Not in the audience: {'; '.join(parts)}."


def _figures(figures: Mapping[str, object]) -> str:
    return ", ".join(
        f"{name} is {'not known' if value is None else _plain(value)}"
        for name, value in figures.items()
    )


def _plain(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _bad_address(known: Circumstances) -> str | None:
    if known.channel is None and not known.detail:
        return None
    what = _ADDRESS[known.channel] if known.channel else "address"
    return f"The {what} cannot be used" + (
        f": {known.detail.rstrip('.')}." if known.detail else "."
    )


def _no_consent(known: Circumstances) -> str:
    what = f"messages {_by(known.channel)} about {_ABOUT[known.topic]}"
    if known.consent is None or known.consent[0] is ConsentState.GRANTED:
        return f"Nobody has ever agreed to {what} for this person."
    state, since, how = known.consent
    if state is ConsentState.PENDING:
        return f"Consent to {what} was given{_at(since, known.zone)}{_how(how)}, and has yet to be confirmed."
    return f"Consent to {what} was taken back{_at(since, known.zone)}{_how(how)}."


def _stands_in(known: Circumstances) -> str:
    if known.soft_opt_in_on is None:
        return ""
    ordered = format_date(known.soft_opt_in_on, "d MMMM y", locale="en")
    return (
        f" Nobody had agreed to it: an order of {ordered} stood in for the consent (soft opt-in)."
    )


def _how(how: str | None) -> str:
    if how is None:
        return ""
    ours = next((source.meaning for source in ConsentSource if source == how), None)
    return f" ({_uncapitalised(ours).rstrip('.') if ours else how})"


def _suppressed(known: Circumstances) -> str | None:
    if known.suppression is None:
        return None
    reason, since = known.suppression
    what = _ADDRESS[known.channel] if known.channel else "address"
    return (
        f"The {what} is on the suppression list since {_day(since, known.zone)}:"
        f" {_uncapitalised(reason.meaning)}"
    )


def _capped(known: Circumstances) -> str | None:
    if known.detail and " discount" in known.detail:
        return f"The person has received enough messages with a discount for now: {known.detail}."
    if not known.recent:
        return None
    had = ", ".join(f"“{sent.title}”{_at(sent.at, known.zone)}" for sent in known.recent)
    return f"The person has received enough messages for now: {had}."


def _cooling_down(known: Circumstances) -> str | None:
    if known.earlier is None:
        return None
    until = ""
    if known.cool_down is not None:
        until = f"; the next may come from {_day(known.earlier.at + known.cool_down, known.zone)}"
    return f"The person had this campaign on {_day(known.earlier.at, known.zone)}{until}."


def _lower_priority(known: Circumstances) -> str | None:
    return f"“{known.rival}” has the person's turn on this day." if known.rival else None


def _step_not_due(known: Circumstances) -> str | None:
    if not known.detail:
        return None
    due = format_date(date.fromisoformat(known.detail), "d MMMM y", locale="en")
    return f"Step {known.step} of the campaign is due on {due}."


def _quiet(known: Circumstances) -> str | None:
    if known.expires_at is None:
        return None
    return (
        f"Quiet hours where the person lives ({known.zone.key}) last until the message expires"
        f"{_at(known.expires_at, known.zone)}."
    )


def _expired(known: Circumstances) -> str | None:
    if known.expires_at is None:
        return None
    return f"It is too late for this occasion: it could leave before {_moment(known.expires_at, known.zone)}."


def _incomplete(known: Circumstances) -> str | None:
    return f"A value that the message needs is missing: {known.detail}." if known.detail else None


def _render_failed(known: Circumstances) -> str | None:
    return f"The message could not be rendered: {known.detail}" if known.detail else None


def _duplicate(known: Circumstances) -> str | None:
    if known.other_account is None:
        return None
    return f"Another account of the same person gets the message: {known.other_account}."


def _person_paused(known: Circumstances) -> str | None:
    if known.paused_until is None:
        return None
    return f"The person asked for a pause until {_day(known.paused_until, known.zone)}."


def _commanded(known: Circumstances) -> str | None:
    if known.command is None:
        return None
    by, at, reason = known.command
    return f"The campaign was held back by {by} on {_day(at, known.zone)}: {reason.rstrip('.')}."


_TOLD: Mapping[Reason, Callable[[Circumstances], str | None]] = {
    Reason.BAD_ADDRESS: _bad_address,
    Reason.NO_CONSENT: _no_consent,
    Reason.SUPPRESSED: _suppressed,
    Reason.CAPPED: _capped,
    Reason.COOLING_DOWN: _cooling_down,
    Reason.LOWER_PRIORITY: _lower_priority,
    Reason.STEP_NOT_DUE: _step_not_due,
    Reason.QUIET_UNTIL_EXPIRY: _quiet,
    Reason.EXPIRED: _expired,
    Reason.INCOMPLETE_DATA: _incomplete,
    Reason.RENDER_FAILED: _render_failed,
    Reason.DUPLICATE_PERSON: _duplicate,
    Reason.PERSON_PAUSED: _person_paused,
    Reason.CAMPAIGN_PAUSED: _commanded,
    Reason.CAMPAIGN_STOPPED: _commanded,
}


def _by(channel: Channel | None) -> str:
    return _BY[channel] if channel else "by no channel"


def _at(moment: datetime | None, zone: ZoneInfo) -> str:
    return f" on {_moment(moment, zone)}" if moment else ""


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return format_datetime(moment, "d MMMM y 'at' HH:mm", tzinfo=zone, locale="en")


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return format_date(moment.astimezone(zone).date(), "d MMMM y", locale="en")


def _uncapitalised(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
