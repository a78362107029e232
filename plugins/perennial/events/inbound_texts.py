"""What people text back to Twilio's numbers: whose number, on which channel, and what they want."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from perennial.events.understanding import Understood, Wish, understand
from perennial.features.contact_points import phone_point
from perennial.model.words import Channel

PATH = "/hooks/twilio/inbound"

_SID = re.compile(r"[SM]M[0-9a-fA-F]{32}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_BY_WHATSAPP = "whatsapp:"
# A Messaging Service with Advanced Opt-Out says what it understood, and has answered.
_UNDERSTOOD_BY_TWILIO = {"STOP": Wish.STOP, "START": Wish.START, "HELP": Wish.HELP}


@dataclass(frozen=True, kw_only=True)
class InboundText:
    """A text that came in. Its words are gone by now; `number` is in normal form and goes no further than a hash.

    `answered` says that Twilio has answered in the shop's name. `understood` is missing where the words say nothing
    about being written to.
    """

    sid: str
    channel: Channel
    number: str = field(repr=False)
    understood: Understood | None
    answered: bool


def read_text(form: Mapping[str, str], *, locale: str) -> InboundText | None:
    """The text of a post; nothing when it does not read like one.

    `locale` is the language of a wish that Twilio understood, and we do not.
    """
    sid, sender = form.get("MessageSid", ""), form.get("From", "")
    channel = Channel.WHATSAPP if sender.startswith(_BY_WHATSAPP) else Channel.SMS
    number = _normal(sender.removeprefix(_BY_WHATSAPP))
    if not _SID.fullmatch(sid) or number is None:
        return None
    ours = understand(form.get("Body", ""))
    theirs = _UNDERSTOOD_BY_TWILIO.get(form.get("OptOutType", ""))
    return InboundText(
        sid=sid,
        channel=channel,
        number=number,
        understood=_together(ours, theirs, locale),
        answered=theirs is not None,
    )


def _together(ours: Understood | None, theirs: Wish | None, locale: str) -> Understood | None:
    """The shop may have taught Twilio further words. Where one of us hears a refusal, it is one."""
    if theirs is None or (ours is not None and ours.wish is Wish.STOP):
        return ours
    return Understood(wish=theirs, locale=ours.locale if ours else locale)


def _normal(said: str) -> str | None:
    """As the address keys of customers have it; a number that no text reaches is kept as it came."""
    if not _E164.fullmatch(said):
        return None
    return phone_point(said, None, "US").identity or said
