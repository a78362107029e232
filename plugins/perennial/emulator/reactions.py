"""Who does what with a message: drawn from the seed and the message's key alone, so that a seed has the same answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qs, urlsplit

from perennial.emulator.faults import draw
from perennial.emulator.forms import links_in
from perennial.emulator.mailing.envelopes import Mail
from perennial.emulator.options import Habits
from perennial.emulator.texting.messages import TextMessage

SCORE = "score"
"""What the links and fields of surveys call a score."""

ADDRESS = re.compile(r"https?://\S+")

_BETWEEN_ANGLES = re.compile(r"<(https?://[^>]+)>")


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """What somebody does with one message, and how many seconds after it has arrived."""

    after: float = 0.0
    one_click: bool = False
    leaves_by_page: bool = False
    answers: bool = False
    stops: bool = False

    @property
    def follows_a_link(self) -> bool:
        return self.leaves_by_page or self.answers


def reaction_to_mail(mail: Mail, habits: Habits, seed: int) -> Reaction:
    """What the reader of an email does; who leaves answers nothing."""
    if habits == Habits():
        return Reaction()
    asks, leave = score_links(mail.html or ""), unsubscribe_link(mail)
    chance = partial(draw, seed, "people", mail.key)
    one_click = leave is not None and chance("one click") < habits.one_click
    by_page = leave is not None and not one_click and chance("by page") < habits.unsubscribed
    return Reaction(
        after=delay(mail.key, habits, seed),
        one_click=one_click,
        leaves_by_page=by_page,
        answers=bool(asks) and not (one_click or by_page) and chance("answer") < habits.answered,
    )


def reaction_to_text(message: TextMessage, habits: Habits, seed: int) -> Reaction:
    """What somebody does with a text; who stops answers nothing."""
    if habits == Habits():
        return Reaction()
    chance = partial(draw, seed, "people", message.key)
    stops = chance("stop") < habits.stopped
    asks = ADDRESS.search(message.body) is not None
    return Reaction(
        after=delay(message.key, habits, seed),
        stops=stops,
        answers=asks and not stops and chance("answer") < habits.answered,
    )


def delay(key: str, habits: Habits, seed: int) -> float:
    """Seconds until somebody reacts to a message."""
    return habits.soonest + (habits.latest - habits.soonest) * draw(seed, "people", key, "delay")


def score_links(html: str) -> Mapping[int, str]:
    """The links of a survey in an email, by the score that each suggests."""
    found = {}
    for link in links_in(html) if f"{SCORE}=" in html else ():
        score = parse_qs(urlsplit(link).query).get(SCORE, [""])[-1]
        if score.isdigit():
            found[int(score)] = link
    return found


def unsubscribe_link(mail: Mail) -> str | None:
    """Where the header of an email lets its reader leave."""
    headers = {name.lower(): value for name, value in mail.headers.items()}
    found = _BETWEEN_ANGLES.search(headers.get("list-unsubscribe", ""))
    return found[1] if found else None
