"""What the recipients do by themselves, past the providers: unsubscribe, answer a survey, text STOP.

They know nothing of whose pages these are. They press the button of their mail program that the headers of an email give
it (RFC 8058), open links, read forms and send them off, as browsers do. Who does what is drawn from the seed and the
message's key alone, so that every run with one seed has the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from perennial.emulator.courier import Courier
from perennial.emulator.faults import draw
from perennial.emulator.forms import Form, read_page
from perennial.emulator.mailing.envelopes import Mail
from perennial.emulator.options import Options
from perennial.emulator.reactions import (
    ADDRESS,
    SCORE,
    Reaction,
    reaction_to_mail,
    reaction_to_text,
    score_links,
    unsubscribe_link,
)
from perennial.emulator.texting.messages import TextMessage

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"

_FORM_TYPE = "application/x-www-form-urlencoded"
# Somebody who was served badly may say why.
_COMPLAINTS: Mapping[str, tuple[str, ...]] = {
    "en": ("It came four days late.", "Two of the six mugs were broken."),
    "es": ("Llegó con cuatro días de retraso.", "Dos de las seis tazas llegaron rotas."),
    "ru": ("Заказ пришёл на четыре дня позже.", "Две чашки из шести разбились."),
}


class People:
    """Everybody whom messages reach. `texts` is how they write back: from, to, words."""

    def __init__(
        self, options: Options, courier: Courier, *, texts: Callable[[str, str, str], object]
    ) -> None:
        self._options = options
        self._habits = options.habits
        self._courier = courier
        self._texts = texts

    def get_mail(self, mail: Mail) -> None:
        """An email has arrived."""
        reaction = reaction_to_mail(mail, self._habits, self._options.seed)
        if reaction.one_click:
            self._later(reaction, partial(self._one_click, mail))
        elif reaction.leaves_by_page:
            self._later(reaction, partial(self._leave_by_page, mail))
        elif reaction.answers:
            links = score_links(mail.html or "")
            score = self._score(mail.key, sorted(links))
            self._later(reaction, partial(self._answer, links[score], mail.key, score))

    def get_text(self, message: TextMessage) -> None:
        """A text message has arrived."""
        reaction = reaction_to_text(message, self._habits, self._options.seed)
        if reaction.stops:
            self._courier.later_by_people(reaction.after, partial(self._stop, message))
        elif reaction.answers:
            link = ADDRESS.findall(message.body)[0].rstrip(".,;!?)")
            self._later(reaction, partial(self._answer, link, message.key, None))

    def _later(self, reaction: Reaction, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._courier.later_by_people(reaction.after, lambda: self._courier.run(act()))

    def _stop(self, message: TextMessage) -> None:
        self._texts(message.to, message.sender or "", "STOP")

    async def _one_click(self, mail: Mail) -> None:
        link = unsubscribe_link(mail)
        if link is not None:
            await self._courier.ask(
                "POST",
                link,
                body=b"List-Unsubscribe=One-Click",
                headers={"Content-Type": _FORM_TYPE},
            )

    async def _leave_by_page(self, mail: Mail) -> None:
        link = unsubscribe_link(mail)
        page = await self._courier.ask("GET", link or "", headers={"User-Agent": BROWSER})
        forms = read_page(page or "", link or "").forms
        if forms:
            await self._send_off(forms[0], dict(forms[0].buttons[:1]))

    async def _answer(self, link: str, key: str, score: int | None) -> None:
        """Opens the link; gives the score if there is a question, and a word why if it is a low one."""
        html = await self._courier.ask("GET", link, headers={"User-Agent": BROWSER})
        page = read_page(html or "", link)
        form = next((f for f in page.forms if SCORE in f.choices), None)
        if form is None:
            return
        scale = sorted(int(choice) for choice in form.choices[SCORE])
        given = score if score in scale else self._score(key, scale)
        said = {SCORE: str(given), **dict(form.buttons[:1])}
        words = _COMPLAINTS.get(page.language or "", ())
        if form.texts and words and given <= scale[len(scale) // 3]:
            number = int(draw(self._options.seed, "people", key, "words") * len(words))
            said[min(form.texts)] = words[number]
        await self._send_off(form, said)

    async def _send_off(self, form: Form, chosen: Mapping[str, str]) -> None:
        headers = {"Content-Type": _FORM_TYPE, "User-Agent": BROWSER}
        body = urlencode({**form.filled, **chosen}).encode()
        await self._courier.ask("POST", form.action, body=body, headers=headers)

    def _score(self, key: str, scale: list[int]) -> int:
        """Most are content; of a few, the scores are low."""
        chance = partial(draw, self._options.seed, "people", key)
        third = max(1, len(scale) // 3)
        if chance("content") < self._habits.dissatisfied:
            return scale[int(chance("how little") * (third + 1))]
        upper = scale[-third - 2 :]
        return upper[int(chance("how much") ** 0.5 * len(upper))]
