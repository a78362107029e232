"""/p/…: what somebody hears about, how and in which language; a pause; what is held about them, and why."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.edge.birthdays import BirthdayFault, read_birthday
from perennial.edge.forms import Form, first
from perennial.edge.link_pages import LinkPages, Opened
from perennial.edge.preference_page import PAUSES, PreferencePage
from perennial.errors import PerennialError
from perennial.ledger.values import KnownMessage
from perennial.model.words import PreferenceName
from perennial.pipeline.glimpsing import PersonGlimpse
from perennial.steps.answering import PREFERENCES
from perennial.steps.choosing import Choices, Chosen

_log = logging.getLogger(__name__)

_SECONDS_TO_LOOK_UP = 5.0


def preference_routes(links: LinkPages, *, lake: ThreadPoolExecutor) -> list[Route]:
    """The page behind the preferences link. `lake` is one thread: last night's data are read one after another."""
    page = _Preferring(links, lake)
    path, purpose = "/p/{token}", (PREFERENCES,)
    return [
        Route(path, links.handling(purpose, page.show), methods=["GET"]),
        Route(path, links.handling(purpose, page.take), methods=["POST"]),
    ]


class _Preferring:
    def __init__(self, links: LinkPages, lake: ThreadPoolExecutor) -> None:
        self._links = links
        self._pages = links.pages
        self._perennial = links.perennial
        self._lake = lake
        self._page = PreferencePage(links.pages)

    async def show(self, _: Request, opened: Opened) -> Response:
        message = await self._links.work(self._perennial.message, opened.key)
        if message is None:
            return self._pages.trouble("message", opened.locale, status=404)
        known = await self._known(message)
        choices = await self._links.work(self._perennial.choices, message, known)
        return self._page.show(opened, known, choices)

    async def take(self, request: Request, opened: Opened) -> Response:
        form = await self._links.form(request, opened)
        if isinstance(form, Response):
            return form
        if refused := self._links.refused(request, opened):
            return refused
        message = await self._links.work(self._perennial.message, opened.key)
        if message is None:
            return self._pages.trouble("message", opened.locale, status=404)
        known = await self._known(message)
        if first(form, "do") == "off":
            return await self._switch_off(opened, message, known)
        return await self._save(opened, message, known, form)

    async def _switch_off(
        self, opened: Opened, message: KnownMessage, known: PersonGlimpse | None
    ) -> Response:
        wording = self._pages.words.version(opened.locale)
        await self._links.work(self._perennial.switch_off, message, known, wording=wording)
        choices = await self._links.work(self._perennial.choices, message, known)
        return self._page.show(
            opened, known, choices, saved=[self._pages.say(opened.locale, "saved_off")]
        )

    async def _save(
        self, opened: Opened, message: KnownMessage, known: PersonGlimpse | None, form: Form
    ) -> Response:
        before = await self._links.work(self._perennial.choices, message, known)
        birthday = read_birthday(form, today=self._perennial.now().date())
        if isinstance(birthday, BirthdayFault):
            return self._page.show(opened, known, before, form=form, fault=birthday)
        chosen = self._chosen(opened, before, form, birthday)
        await self._links.work(self._perennial.choose, message, known, chosen)
        after = await self._links.work(self._perennial.choices, message, known)
        saved = self._page.saved(opened, after, chosen)
        return self._page.show(opened, known, after, saved=saved)

    def _chosen(self, opened: Opened, before: Choices, form: Form, birthday: date | None) -> Chosen:
        shown = before.among((first(form, "shown") or "").split())
        ticked = before.among(form.get("consent", []))
        preferences: dict[PreferenceName, str | None] = {}
        language = first(form, "language")
        if language in self._pages.words.locales and language != before.language:
            preferences[PreferenceName.LANGUAGE] = language
        if "birth_day" in form and birthday != before.birth_date:
            preferences[PreferenceName.BIRTH_DATE] = birthday.isoformat() if birthday else None
        pause = first(form, "pause")
        if pause in PAUSES:
            preferences[PreferenceName.PAUSED_UNTIL] = self._perennial.pause(int(pause))
        elif pause == "end" and before.paused_until:
            preferences[PreferenceName.PAUSED_UNTIL] = None
        return Chosen(
            granted=frozenset(ticked - shown),
            withdrawn=frozenset(shown - ticked),
            preferences=preferences,
            wording=self._pages.words.version(opened.locale),
        )

    async def _known(self, message: KnownMessage) -> PersonGlimpse | None:
        """Last night's data; without them the page does what the ledger alone allows."""
        asked = asyncio.get_running_loop().run_in_executor(
            self._lake, self._perennial.known, message
        )
        try:
            return await asyncio.wait_for(asked, _SECONDS_TO_LOOK_UP)
        except TimeoutError:
            _log.warning("A preference page goes without last night's data: they took too long.")
        except PerennialError as error:
            # Its text may name what was looked for.
            _log.info("A preference page goes without last night's data: %s.", type(error).__name__)
        return None
