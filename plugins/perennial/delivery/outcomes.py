"""What an answer of SendGrid or Twilio, or the lack of one, means for a message: decided here and nowhere else.

    no connection; 429                                          retryable, surely not processed
    400, 404, 413, 422 and the like; Twilio's 21xxx             refused
    401, 403, 20003, 30034; a sender that is not ours to use,
    or another fault of what all messages share                 the run stops, nothing is burnt
    5xx; silence, a reset or an end after the request began;
    a yes that does not read like one                           in doubt
    202 of SendGrid, 201 of Twilio                              accepted

Twilio splits its codes over time and asks not to rely on them: one that is not named here refuses its message and
says nothing about the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from perennial.model.words import MessageState, SuppressionReason


class Carrier(StrEnum):
    """Whose answer it is."""

    SENDGRID = "sendgrid"
    TWILIO = "twilio"


class Silence(StrEnum):
    """Why there is no answer. The first four come before the request has begun, the others after."""

    NAME_NOT_FOUND = "name_not_found"
    CONNECTION_REFUSED = "connection_refused"
    NO_CONNECTION_IN_TIME = "no_connection_in_time"
    TLS_FAILED = "tls_failed"
    TIMEOUT = "timeout"
    DISCONNECTED = "disconnected"
    NOT_HTTP = "not_http"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer as far as it was understood. Nothing of its text is kept: it may quote an address.

    readable: reads as this provider's yes does. code: Twilio's number of the error, or the field that SendGrid
    objects to. wait: how long the provider wants to be left alone.
    """

    status: int
    readable: bool = False
    code: str | None = None
    provider_id: str | None = None
    wait: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What it means. `stops`: it would happen to every message, until a person does what the sentence says."""

    state: MessageState
    code: str
    wait: timedelta | None = None
    provider_id: str | None = None
    suppress: SuppressionReason | None = None
    stops: str | None = None


SHORT_WAIT = timedelta(seconds=30)
"""What is waited when a provider does not say how long."""
_LONG_WAIT = timedelta(minutes=15)

_NOT_BEGUN = frozenset(
    {
        Silence.NAME_NOT_FOUND,
        Silence.CONNECTION_REFUSED,
        Silence.NO_CONNECTION_IN_TIME,
        Silence.TLS_FAILED,
    }
)
_YES = {Carrier.SENDGRID: frozenset({200, 202}), Carrier.TWILIO: frozenset({201})}

# The server did not wait for the whole request. It should not have begun with it, but nobody promises.
_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
# Wrong for every message: moved for good, no money, the wrong method, a proxy's login, the wrong type.
_WRONG_PLACE = frozenset({301, 307, 308, 402, 405, 407, 415})

_TOO_FAST = frozenset({"20429", "63017"})
# A number's queue is full; WhatsApp or the account has had enough for the day.
_ENOUGH_FOR_NOW = frozenset({"21611", "63018", "63038"})
_SUPPRESSED_BY = {
    # Has answered STOP, or blocked us on WhatsApp.
    **dict.fromkeys(("21610", "63014"), SuppressionReason.STOPPED),
    # No number, none for texts, nobody on WhatsApp.
    **dict.fromkeys(("21211", "21614", "63003", "63024"), SuppressionReason.INVALID),
}

_CREDENTIALS = {
    Carrier.SENDGRID: "Check PERENNIAL_SENDGRID_API_KEY, and that the account has credits left.",
    Carrier.TWILIO: "Check PERENNIAL_TWILIO_ACCOUNT_SID and PERENNIAL_TWILIO_AUTH_TOKEN.",
}
_PERMISSION = {
    Carrier.SENDGRID: "Verify from_address of shop.yaml as a sender, and give the key the scope Mail Send.",
    Carrier.TWILIO: "The account may not send: look at it in the Twilio console.",
}
_TWILIO_SENDER = (
    "Twilio does not let us send in this name: check PERENNIAL_TWILIO_MESSAGING_SERVICE, PERENNIAL_TWILIO_FROM and"
    " PERENNIAL_TWILIO_WHATSAPP_FROM."
)
_TWILIO_TEMPLATE = (
    "WhatsApp does not take this template: see that content_sid in templates/whatsapp belongs to this account, and that "
    "the template is approved in that language with the same variables."
)
# Of a request to SendGrid, what is the same in every campaign.
_SHARED_FIELDS = {
    "from": "SendGrid does not take from_address of shop.yaml: correct it.",
    "reply_to": "SendGrid does not take reply_to of shop.yaml: correct it.",
    "asm": "SendGrid does not know the group: check PERENNIAL_SENDGRID_ASM_GROUP.",
}
_STOPPING_CODES = {
    "20003": _CREDENTIALS[Carrier.TWILIO],
    "30034": "The number is not registered for A2P 10DLC: register the brand and the campaign at Twilio.",
    # From is no number, missing, not ours to text from; the service does not exist, or has no numbers.
    **dict.fromkeys(("21212", "21603", "21606", "21701", "21703"), _TWILIO_SENDER),
    # The same on WhatsApp: no such sender, not ours, no credentials for it, another channel than the recipient's.
    **dict.fromkeys(("63001", "63002", "63007", "63008", "21910"), _TWILIO_SENDER),
    # No such template, not in this language, other variables, paused, switched off; not one that opens a conversation.
    **dict.fromkeys(
        ("21655", "63016", "63027", "63028", "63040", "63041", "63042"), _TWILIO_TEMPLATE
    ),
    "21609": "Twilio cannot report back to this address: check PERENNIAL_EDGE_URL.",
}


def judge(happened: Silence | Answer, carrier: Carrier) -> Verdict:
    """What happened, in terms of the message."""
    if isinstance(happened, Silence):
        begun = happened not in _NOT_BEGUN
        state = MessageState.IN_DOUBT if begun else MessageState.RETRYABLE
        return Verdict(state=state, code=happened.value)
    word = _word(happened, carrier)
    if advice := _advice(happened, carrier):
        return Verdict(state=MessageState.RETRYABLE, code=word, stops=advice)
    if wait := _wait(happened):
        return Verdict(state=MessageState.RETRYABLE, code=word, wait=wait)
    if 400 <= happened.status < 500 and happened.status != _REQUEST_TIMEOUT:
        suppress = _SUPPRESSED_BY.get(happened.code or "")
        return Verdict(state=MessageState.REFUSED, code=word, suppress=suppress)
    yes = happened.readable and happened.status in _YES[carrier]
    state = MessageState.ACCEPTED if yes else MessageState.IN_DOUBT
    return Verdict(state=state, code=word, provider_id=happened.provider_id)


def _word(answer: Answer, carrier: Carrier) -> str:
    """Twilio's code says it all; SendGrid's field needs the status before it."""
    if answer.code is None:
        return str(answer.status)
    return answer.code if carrier is Carrier.TWILIO else f"{answer.status} {answer.code}"


def _advice(answer: Answer, carrier: Carrier) -> str | None:
    """What a person has to do before any message can go."""
    if answer.status in _WRONG_PLACE:
        return f"Something else answers than the API: check PERENNIAL_{carrier.upper()}_HOST and the account."
    if not 400 <= answer.status < 500:
        return None
    if carrier is Carrier.TWILIO and answer.code is not None:
        if advice := _STOPPING_CODES.get(answer.code):
            return advice
        if answer.code.startswith("21"):
            return None  # about this one message, whatever the status
    if carrier is Carrier.SENDGRID and answer.status == 400:
        shared = (answer.code or "").partition(".")[0]
        return _SHARED_FIELDS.get(shared)
    return {401: _CREDENTIALS[carrier], 403: _PERMISSION[carrier]}.get(answer.status)


def _wait(answer: Answer) -> timedelta | None:
    """How long to leave the provider alone, when it says that it has not processed the message for now."""
    if not 400 <= answer.status < 500:
        return None
    if answer.code in _ENOUGH_FOR_NOW:
        return answer.wait or _LONG_WAIT
    if answer.status == _TOO_MANY_REQUESTS or answer.code in _TOO_FAST:
        return answer.wait or SHORT_WAIT
    return None
