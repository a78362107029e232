from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from perennial.model.words import (
    Channel,
    ConsentState,
    EventWord,
    MessageState,
    Outcome,
    Reason,
    SuppressionReason,
    Topic,
)
from perennial.pipeline.reason_sentences import (
    Circumstances,
    Sent,
    became,
    decided,
    not_in_audience,
    why_not,
)

NEW_YORK = ZoneInfo("America/New_York")
AT = datetime(2026, 6, 8, 14, 30, tzinfo=UTC)
KNOWN = Circumstances(
    zone=NEW_YORK,
    topic=Topic.OFFERS,
    channel=Channel.EMAIL,
    step=2,
    detail="2026-06-24",
    send_at=AT,
    expires_at=AT + timedelta(hours=10),
    recent=[Sent(title="Win back", at=AT)],
    earlier=Sent(title="Win back", at=AT),
    cool_down=timedelta(days=30),
    rival="Happy birthday",
    other_account="c7",
    suppression=(SuppressionReason.COMPLAINED, AT),
    consent=(ConsentState.WITHDRAWN, AT, "one_click"),
    paused_until=AT,
    command=("kim", AT, "wrong price"),
)
UNKNOWN = Circumstances(zone=NEW_YORK, topic=Topic.OFFERS)
SAYS = {
    Reason.BAD_ADDRESS: "The email address cannot be used: 2026-06-24.",
    Reason.NO_CONSENT: (
        "Consent to messages by email about offers was taken back on 8 June 2026 at 10:30"
        " (the customer's mail program unsubscribed at one click)."
    ),
    Reason.SUPPRESSED: (
        "The email address is on the suppression list since 8 June 2026: the customer marked a message as spam."
    ),
    Reason.CAPPED: (
        "The person has received enough messages for now: “Win back” on 8 June 2026 at 10:30."
    ),
    Reason.COOLING_DOWN: (
        "The person had this campaign on 8 June 2026; the next may come from 8 July 2026."
    ),
    Reason.LOWER_PRIORITY: "“Happy birthday” has the person's turn on this day.",
    Reason.STEP_NOT_DUE: "Step 2 of the campaign is due on 24 June 2026.",
    Reason.QUIET_UNTIL_EXPIRY: (
        "Quiet hours where the person lives (America/New_York) last until the message expires"
        " on 8 June 2026 at 20:30."
    ),
    Reason.EXPIRED: "It is too late for this occasion: it could leave before 8 June 2026 at 20:30.",
    Reason.INCOMPLETE_DATA: "A value that the message needs is missing: 2026-06-24.",
    Reason.RENDER_FAILED: "The message could not be rendered: 2026-06-24",
    Reason.DUPLICATE_PERSON: "Another account of the same person gets the message: c7.",
    Reason.PERSON_PAUSED: "The person asked for a pause until 8 June 2026.",
    Reason.CAMPAIGN_PAUSED: "The campaign was held back by kim on 8 June 2026: wrong price.",
    Reason.CAMPAIGN_STOPPED: "The campaign was held back by kim on 8 June 2026: wrong price.",
}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_says_what_is_known_about_it(reason: Reason) -> None:
    assert why_not(reason, KNOWN) == SAYS.get(reason, reason.meaning)


@pytest.mark.parametrize("reason", Reason)
def test_what_is_not_known_is_left_out_and_a_sentence_remains(reason: Reason) -> None:
    sentence = why_not(reason, UNKNOWN)

    assert sentence.endswith(".")
    assert "None" not in sentence


def test_a_cap_on_discounts_is_told_from_one_on_all_messages() -> None:
    known = replace(KNOWN, detail="2 of the last 3 had a discount")

    assert why_not(Reason.CAPPED, known) == (
        "The person has received enough messages with a discount for now: 2 of the last 3 had a discount."
    )


def test_a_consent_that_nobody_confirmed_is_told_from_one_that_nobody_gave() -> None:
    known = replace(KNOWN, consent=(ConsentState.PENDING, *KNOWN.consent[1:]))  # type: ignore[index]

    assert why_not(Reason.NO_CONSENT, known).startswith("Consent to messages")
    assert why_not(Reason.NO_CONSENT, known).endswith("and has yet to be confirmed.")


def test_unknown_consent_is_not_taken_for_withdrawn() -> None:
    known = Circumstances(zone=NEW_YORK, topic=Topic.FEEDBACK, channel=Channel.SMS)

    assert why_not(Reason.NO_CONSENT, known) == (
        "Nobody has ever agreed to messages by text message about orders for this person."
    )


@pytest.mark.parametrize(
    ("outcome", "reason", "sentence"),
    [
        (Outcome.SEND, None, "Was to leave by email on 8 June 2026 at 10:30."),
        (Outcome.HOLD_OUT, None, "Left out on purpose, to measure what the campaign changes."),
        (
            Outcome.DEFER,
            Reason.LOWER_PRIORITY,
            "“Happy birthday” has the person's turn on this day. It is looked at again tomorrow.",
        ),
        (Outcome.SKIP, Reason.CONVERTED, "The person has done what the message asks for."),
    ],
)
def test_every_outcome_is_said(outcome: Outcome, reason: Reason | None, sentence: str) -> None:
    assert decided(outcome, reason, KNOWN) == sentence


@pytest.mark.parametrize("state", [None, *MessageState])
def test_every_state_is_said(state: MessageState | None) -> None:
    said = became(state, blocked=None, code="550", settled_at=AT, events=[], known=KNOWN)

    assert said.endswith(".")
    assert "None" not in said


@pytest.mark.parametrize("word", EventWord)
def test_what_was_reported_is_told_after_the_answer(word: EventWord) -> None:
    said = became(
        MessageState.ACCEPTED,
        blocked=None,
        code=None,
        settled_at=AT,
        events=[(word, AT + timedelta(minutes=1))],
        known=KNOWN,
    )

    assert said.startswith("The provider accepted it on 8 June 2026 at 10:30; ")
    assert said.endswith(" on 8 June 2026 at 10:31.")


def test_what_was_stopped_at_the_last_moment_says_why() -> None:
    said = became(
        None, blocked=Reason.SUPPRESSED, code=None, settled_at=None, events=[], known=KNOWN
    )

    assert said == (
        "Stopped just before it left: the email address is on the suppression list since 8 June 2026:"
        " the customer marked a message as spam."
    )


def test_a_rule_that_is_not_met_is_told_with_its_figures() -> None:
    unmet = [("silence_ratio >= 2.3", {"silence_ratio": 1.1}), ("orders >= 2", {"orders": None})]

    assert not_in_audience(unmet, "unused") == (
        "Not in the audience: silence_ratio >= 2.3 is not met (silence_ratio is 1.1);"
        " orders >= 2 is not met (orders is not known)."
    )


def test_an_occasion_that_does_not_come_up_is_told() -> None:
    said = not_in_audience([], "the customer's birthday, once a year")

    assert said == (
        "Not in the audience: the occasion does not come up on this day (the customer's birthday, once a year)."
    )
