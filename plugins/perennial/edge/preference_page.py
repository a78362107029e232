"""What the preference page shows: the choices as they stand, what was noted just now, and what is held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from babel.dates import get_month_names
from babel.numbers import format_decimal
from starlette.responses import Response

from perennial.edge.birthdays import BirthdayFault, GivenDate
from perennial.edge.forms import Form, first
from perennial.edge.link_pages import Opened
from perennial.edge.rendering import Pages
from perennial.ledger.glimpsing import MOST_COUNTED
from perennial.model.words import Channel, PreferenceName, Topic
from perennial.pipeline.glimpsing import PersonGlimpse
from perennial.steps.choosing import Choices, Chosen, Way

Held = tuple[str, Sequence[str], str]
"""The name of what is held, how it is shown, and what it is held for."""


PAUSES = ("30", "90")
"""How many days a pause may last."""


class PreferencePage:
    """The page of one shop."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def show(
        self,
        opened: Opened,
        known: PersonGlimpse | None,
        choices: Choices,
        *,
        form: Form | None = None,
        fault: BirthdayFault | None = None,
        saved: Sequence[str] = (),
    ) -> Response:
        given = GivenDate.of_form(form) if form else GivenDate.of_date(choices.birth_date)
        paused = choices.paused_until
        pauses = ("as_is", "end", *PAUSES) if paused else ("none", *PAUSES)
        pause = first(form, "pause") if form else None
        return self._pages.page(
            "preferences",
            opened.locale,
            status=422 if fault else 200,
            faults=[{"field": "birthday", "words": fault.words}] if fault else [],
            birthday_fault=fault.words if fault else None,
            saved=saved,
            topics=choices.topics,
            channels=[c for c in choices.channels if c not in choices.barred],
            agreed=choices.among(form.get("consent", [])) if form else choices.agreed,
            shown=first(form, "shown") if form else _names(choices.agreed),
            by_number=self._by_number(opened, choices),
            barred=self._barred(opened, choices),
            soft_opt_in_on=self._pages.date(opened.locale, choices.soft_opt_in_on)
            if choices.soft_opt_in_on
            else None,
            language=first(form, "language") if form else self._language(choices),
            birthday=given,
            months=_months(opened.locale),
            paused_until=self._pages.date(opened.locale, paused) if paused else None,
            pauses=pauses,
            pause=pause if pause in pauses else pauses[0],
            held=list(self._held(opened, known, choices)) if known else [],
        )

    def saved(self, opened: Opened, after: Choices, chosen: Chosen) -> list[str]:
        """What was noted, in the customer's words."""
        lines: list[str] = []
        spoken_of = {channel for channel, _ in chosen.granted | chosen.withdrawn}
        for channel in (c for c in after.channels if c in spoken_of):
            lines += self._agreed(opened, after, chosen, channel)
        lines += [self._noted(opened, name, after) for name in chosen.preferences]
        taken_back = chosen.preferences.get(PreferenceName.BIRTH_DATE, "") is None
        if taken_back and after.birth_date:
            lines.append(self._say(opened, "birthday_kept", reply_to=self._pages.contact))
        return lines or [self._say(opened, "preferences_nothing_new")]

    def _agreed(
        self, opened: Opened, after: Choices, chosen: Chosen, channel: Channel
    ) -> Iterator[str]:
        """What holds for a channel now, and what will once it is confirmed."""
        name = self._say(opened, f"channel_{channel}")
        agreed = [t for t in after.topics if (channel, t) in after.agreed]
        waiting = (
            []
            if channel in after.barred
            else [
                t
                for t in after.topics
                if (channel, t) in chosen.granted and (channel, t) not in after.agreed
            ]
        )
        if agreed or not waiting:
            phrase = "saved_all_channels" if agreed else "saved_no_topics"
            yield self._say(opened, phrase, channel=name, topics=self._named(opened, agreed))
        if waiting:
            topics = self._named(opened, waiting)
            yield self._say(opened, "saved_to_confirm", channel=name, topics=topics)

    def _named(self, opened: Opened, topics: Sequence[Topic]) -> str:
        return ", ".join(self._say(opened, f"topic_{t}") for t in topics)

    def _noted(self, opened: Opened, name: PreferenceName, after: Choices) -> str:
        match name:
            case PreferenceName.LANGUAGE:
                names = self._pages.words.own_names
                return self._say(
                    opened, "saved_language", language=names.get(after.language or "", "")
                )
            case PreferenceName.BIRTH_DATE:
                return self._dated(opened, "birthday", after.birth_date)
            case PreferenceName.PAUSED_UNTIL:
                return self._dated(opened, "pause", after.paused_until)

    def _dated(self, opened: Opened, what: str, day: date | None) -> str:
        if day is None:
            return self._say(opened, f"saved_no_{what}")
        return self._say(opened, f"saved_{what}", date=self._pages.date(opened.locale, day))

    def _say(self, opened: Opened, phrase: str, **gaps: str) -> str:
        return self._pages.say(opened.locale, phrase, **gaps)

    def _language(self, choices: Choices) -> str | None:
        """The one of the page's languages that the person is written to in, if it is one of them."""
        words = self._pages.words
        found = words.choose(choices.language) if choices.language else None
        return found if choices.language and choices.language.startswith(found or "-") else None

    def _by_number(self, opened: Opened, choices: Choices) -> str:
        """The channels for which the law asks for more words, as they are called on the page."""
        offered = (c for c in choices.channels if c not in choices.barred)
        names = [self._say(opened, f"channel_{c}") for c in offered if c is not Channel.EMAIL]
        return " / ".join(names)

    def _barred(self, opened: Opened, choices: Choices) -> list[str]:
        return [
            f"{self._say(opened, f'channel_{channel}')}: "
            + self._say(opened, f"barred_{reason}", reply_to=self._pages.contact)
            for channel, reason in choices.barred.items()
        ]

    def _held(self, opened: Opened, known: PersonGlimpse, choices: Choices) -> Iterator[Held]:
        def number(count: int) -> list[str]:
            return [format_decimal(count, locale=opened.locale.replace("-", "_"))]

        def counted(count: int) -> list[str]:
            """Messages are counted so far and no further, and answers among those."""
            shown = number(min(count, MOST_COUNTED))
            return shown if known.messages <= MOST_COUNTED else [f"{shown[0]}+"]

        if known.emails:
            yield "emails", known.emails, "write_ordered" if choices.soft_opt_in_on else "write"
        if known.phones:
            yield "phones", known.phones, "write"
        if choices.birth_date:
            yield "birth_date", [self._pages.date(opened.locale, choices.birth_date)], "birthday"
        yield "orders", number(known.orders), "orders"
        if known.points_balance:
            yield "points", number(known.points_balance), "points"
        yield "messages", counted(known.messages), "messages"
        if known.answers:
            yield "answers", counted(known.answers), "answers"


def _months(locale: str) -> list[str]:
    names = get_month_names("wide", context="stand-alone", locale=locale.replace("-", "_"))
    return [names[month] for month in range(1, 13)]


def _names(ways: Iterable[Way]) -> str:
    return " ".join(sorted(f"{channel}.{topic}" for channel, topic in ways))
