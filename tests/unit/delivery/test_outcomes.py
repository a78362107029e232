"""Every documented answer of SendGrid and Twilio, and every way of giving none, with what it means for a message."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from perennial.delivery.outcomes import (
    SHORT_WAIT,
    Answer,
    Carrier,
    Silence,
    Verdict,
    judge,
)
from perennial.model.words import MessageState, SuppressionReason

SENDGRID, TWILIO = Carrier.SENDGRID, Carrier.TWILIO
ACCEPTED, REFUSED = MessageState.ACCEPTED, MessageState.REFUSED
RETRYABLE, IN_DOUBT = MessageState.RETRYABLE, MessageState.IN_DOUBT
SPEC = Path(__file__).parents[4] / "shared" / "specs" / "tsg_mail_v3.json"
STOP = "stop the run"
"""In the table: the run stops, and the message stays claimable."""


def answer(status: int, code: str | None = None, *, readable: bool = False) -> Answer:
    return Answer(status=status, code=code, readable=readable)


SILENCES = [
    (Silence.NAME_NOT_FOUND, RETRYABLE),
    (Silence.CONNECTION_REFUSED, RETRYABLE),
    (Silence.NO_CONNECTION_IN_TIME, RETRYABLE),
    (Silence.TLS_FAILED, RETRYABLE),
    (Silence.TIMEOUT, IN_DOUBT),
    (Silence.DISCONNECTED, IN_DOUBT),
    (Silence.NOT_HTTP, IN_DOUBT),
]
SENDGRID_ANSWERS = [
    (answer(202, readable=True), ACCEPTED, "202"),
    (answer(200, readable=True), ACCEPTED, "200"),
    (answer(202), IN_DOUBT, "202"),
    (answer(200), IN_DOUBT, "200"),
    (answer(204), IN_DOUBT, "204"),
    (answer(302), IN_DOUBT, "302"),
    (answer(307), STOP, "307"),
    (answer(400), REFUSED, "400"),
    (
        answer(400, "personalizations.0.to.0.email"),
        REFUSED,
        "400 personalizations.0.to.0.email",
    ),
    (answer(400, "content.1.value"), REFUSED, "400 content.1.value"),
    (answer(400, "personalizations"), REFUSED, "400 personalizations"),
    (
        answer(400, "personalizations.3.substitutions"),
        REFUSED,
        "400 personalizations.3.substitutions",
    ),
    (answer(400, "personalizations.0.headers"), REFUSED, "400 personalizations.0.headers"),
    (answer(400, "subject"), REFUSED, "400 subject"),
    (answer(400, "content"), REFUSED, "400 content"),
    (answer(400, "categories"), REFUSED, "400 categories"),
    (answer(400, "custom_args"), REFUSED, "400 custom_args"),
    (answer(400, "from"), STOP, "400 from"),
    (answer(400, "from.email"), STOP, "400 from.email"),
    (answer(400, "from.name"), STOP, "400 from.name"),
    (answer(400, "reply_to.email"), STOP, "400 reply_to.email"),
    (answer(400, "asm.group_id"), STOP, "400 asm.group_id"),
    (answer(401), STOP, "401"),
    (answer(402), STOP, "402"),
    (answer(403), STOP, "403"),
    (answer(403, "from"), STOP, "403 from"),
    (answer(404), REFUSED, "404"),
    (answer(405), STOP, "405"),
    (answer(408), IN_DOUBT, "408"),
    (answer(406), REFUSED, "406"),
    (answer(409), REFUSED, "409"),
    (answer(413), REFUSED, "413"),
    (answer(415), STOP, "415"),
    (answer(422), REFUSED, "422"),
    (answer(429), RETRYABLE, "429"),
    (answer(500), IN_DOUBT, "500"),
    (answer(502), IN_DOUBT, "502"),
    (answer(503), IN_DOUBT, "503"),
    (answer(504), IN_DOUBT, "504"),
]
TWILIO_ANSWERS = [
    (answer(201, readable=True), ACCEPTED, "201"),
    (answer(201), IN_DOUBT, "201"),
    (answer(200, readable=True), IN_DOUBT, "200"),
    (answer(202, readable=True), IN_DOUBT, "202"),
    (answer(308), STOP, "308"),
    (answer(400), REFUSED, "400"),
    (answer(400, "21211"), REFUSED, "21211"),
    (answer(400, "21212"), STOP, "21212"),
    (answer(400, "21408"), REFUSED, "21408"),
    (answer(403, "21408"), REFUSED, "21408"),
    (answer(400, "21603"), STOP, "21603"),
    (answer(400, "21606"), STOP, "21606"),
    (answer(400, "21609"), STOP, "21609"),
    (answer(400, "21610"), REFUSED, "21610"),
    (answer(400, "21611"), RETRYABLE, "21611"),
    (answer(400, "21612"), REFUSED, "21612"),
    (answer(400, "21614"), REFUSED, "21614"),
    (answer(400, "21617"), REFUSED, "21617"),
    (answer(400, "21701"), STOP, "21701"),
    (answer(400, "21703"), STOP, "21703"),
    (answer(400, "30001"), REFUSED, "30001"),
    (answer(400, "30003"), REFUSED, "30003"),
    (answer(400, "30004"), REFUSED, "30004"),
    (answer(400, "30005"), REFUSED, "30005"),
    (answer(400, "30006"), REFUSED, "30006"),
    (answer(400, "30007"), REFUSED, "30007"),
    (answer(400, "30008"), REFUSED, "30008"),
    (answer(400, "30034"), STOP, "30034"),
    (answer(400, "30036"), REFUSED, "30036"),
    (answer(400, "30450"), REFUSED, "30450"),
    (answer(400, "30610"), REFUSED, "30610"),
    (answer(400, "30640"), REFUSED, "30640"),
    (answer(400, "21655"), STOP, "21655"),
    (answer(400, "21656"), REFUSED, "21656"),
    (answer(400, "21910"), STOP, "21910"),
    (answer(400, "63001"), STOP, "63001"),
    (answer(400, "63003"), REFUSED, "63003"),
    (answer(400, "63007"), STOP, "63007"),
    (answer(400, "63008"), STOP, "63008"),
    (answer(400, "63013"), REFUSED, "63013"),
    (answer(400, "63014"), REFUSED, "63014"),
    (answer(400, "63016"), STOP, "63016"),
    (answer(400, "63017"), RETRYABLE, "63017"),
    (answer(429, "63017"), RETRYABLE, "63017"),
    (answer(400, "63018"), RETRYABLE, "63018"),
    (answer(429, "63018"), RETRYABLE, "63018"),
    (answer(400, "63021"), REFUSED, "63021"),
    (answer(400, "63024"), REFUSED, "63024"),
    (answer(400, "63027"), STOP, "63027"),
    (answer(400, "63028"), STOP, "63028"),
    (answer(400, "63032"), REFUSED, "63032"),
    (answer(429, "63038"), RETRYABLE, "63038"),
    (answer(400, "63041"), STOP, "63041"),
    (answer(400, "63042"), STOP, "63042"),
    (answer(400, "63049"), REFUSED, "63049"),
    (answer(400, "99999"), REFUSED, "99999"),
    (answer(401), STOP, "401"),
    (answer(401, "20003"), STOP, "20003"),
    (answer(403, "20003"), STOP, "20003"),
    (answer(403), STOP, "403"),
    (answer(404, "20404"), REFUSED, "20404"),
    (answer(413), REFUSED, "413"),
    (answer(422), REFUSED, "422"),
    (answer(429), RETRYABLE, "429"),
    (answer(429, "20429"), RETRYABLE, "20429"),
    (answer(500, "20500"), IN_DOUBT, "20500"),
    (answer(500, "21610"), IN_DOUBT, "21610"),
    (answer(500, "20429"), IN_DOUBT, "20429"),
    (answer(503), IN_DOUBT, "503"),
]
TABLE = [
    *(
        (silence, carrier, state, silence.value)
        for silence, state in SILENCES
        for carrier in Carrier
    ),
    *((happened, SENDGRID, outcome, code) for happened, outcome, code in SENDGRID_ANSWERS),
    *((happened, TWILIO, outcome, code) for happened, outcome, code in TWILIO_ANSWERS),
]


def outcome_of(verdict: Verdict) -> str:
    if verdict.stops:
        assert verdict.state is RETRYABLE, "a run that stops burns nobody"
        return STOP
    return verdict.state


@pytest.mark.parametrize(("happened", "carrier", "outcome", "code"), TABLE)
def test_what_happened_means_this_for_the_message(
    happened: Silence | Answer, carrier: Carrier, outcome: str, code: str
) -> None:
    verdict = judge(happened, carrier)
    assert (outcome_of(verdict), verdict.code) == (outcome, code)


def test_every_status_that_sendgrid_documents_is_in_the_table() -> None:
    if not SPEC.exists():
        pytest.skip("SendGrid's OpenAPI description is not beside this checkout.")
    send = json.loads(SPEC.read_text(encoding="utf-8"))["paths"]["/v3/mail/send"]["post"]
    documented = {int(status) for status in send["responses"]}
    assert documented | {429} <= {happened.status for happened, _, _ in SENDGRID_ANSWERS}


def test_every_way_of_giving_no_answer_is_in_the_table() -> None:
    assert [silence for silence, _ in SILENCES] == list(Silence)


ANSWERS = st.builds(
    Answer,
    status=st.integers(100, 599),
    readable=st.booleans(),
    code=st.none() | st.integers(10_000, 99_999).map(str),
    wait=st.none() | st.timedeltas(timedelta(seconds=1), timedelta(hours=1)),
)


@given(ANSWERS, st.sampled_from(Carrier))
def test_only_a_no_may_ever_be_tried_again(happened: Answer, carrier: Carrier) -> None:
    verdict = judge(happened, carrier)
    if verdict.state is RETRYABLE:
        assert 400 <= happened.status < 500 or happened.status in {301, 307, 308}
        assert bool(verdict.wait) != bool(verdict.stops)
    if happened.status >= 500:
        assert verdict.state is IN_DOUBT


@given(ANSWERS, st.sampled_from(Carrier))
def test_only_a_yes_that_reads_like_one_is_accepted(happened: Answer, carrier: Carrier) -> None:
    if judge(happened, carrier).state is ACCEPTED:
        assert happened.readable
        assert 200 <= happened.status < 300


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("21610", SuppressionReason.STOPPED),
        ("21211", SuppressionReason.INVALID),
        ("21614", SuppressionReason.INVALID),
        ("21408", None),
        ("21612", None),
        ("30007", None),
        ("30610", None),
        ("63003", SuppressionReason.INVALID),
        ("63014", SuppressionReason.STOPPED),
        ("63016", None),
        ("63024", SuppressionReason.INVALID),
        ("63032", None),
        ("63049", None),
        ("99999", None),
    ],
)
def test_only_what_is_surely_about_the_address_suppresses_it(
    code: str, reason: SuppressionReason | None
) -> None:
    """Case 28; and a code that Twilio invents tomorrow suppresses nobody."""
    assert judge(answer(400, code), TWILIO).suppress is reason


def test_a_provider_that_names_a_time_is_left_alone_until_then() -> None:
    told = Answer(status=429, wait=timedelta(seconds=7))
    assert judge(told, SENDGRID).wait == timedelta(seconds=7)
    assert judge(answer(429), SENDGRID).wait == SHORT_WAIT


@pytest.mark.parametrize("code", ["21611", "63018", "63038"])
def test_a_limit_that_lasts_is_waited_for_longer_than_a_burst(code: str) -> None:
    wait = judge(answer(429, code), TWILIO).wait
    assert wait is not None
    assert wait > SHORT_WAIT


@pytest.mark.parametrize(
    ("happened", "carrier", "named"),
    [
        (answer(401), SENDGRID, "PERENNIAL_SENDGRID_API_KEY"),
        (answer(403), SENDGRID, "Mail Send"),
        (answer(400, "from.email"), SENDGRID, "from_address"),
        (answer(400, "reply_to.email"), SENDGRID, "reply_to of shop.yaml"),
        (answer(400, "asm.group_id"), SENDGRID, "PERENNIAL_SENDGRID_ASM_GROUP"),
        (answer(307), SENDGRID, "PERENNIAL_SENDGRID_HOST"),
        (answer(401, "20003"), TWILIO, "PERENNIAL_TWILIO_AUTH_TOKEN"),
        (answer(400, "30034"), TWILIO, "A2P 10DLC"),
        (answer(400, "21606"), TWILIO, "PERENNIAL_TWILIO_FROM"),
        (answer(400, "63007"), TWILIO, "PERENNIAL_TWILIO_WHATSAPP_FROM"),
        (answer(400, "63027"), TWILIO, "templates/whatsapp"),
        (answer(403), TWILIO, "Twilio console"),
    ],
)
def test_a_run_that_stops_says_what_to_do(happened: Answer, carrier: Carrier, named: str) -> None:
    assert named in (judge(happened, carrier).stops or "")


def test_an_answer_has_no_room_for_the_providers_sentences() -> None:
    assert {f.name for f in fields(Answer)} == {
        *("status", "readable", "code", "provider_id", "wait"),
    }
