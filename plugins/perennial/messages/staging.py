"""The first stage: the shop's words go into the templates of a folder, and every fault is noted with its place."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from jinja2 import Environment
from jinja2 import TemplateError as JinjaError

from perennial.errors import Fault
from perennial.messages.files import FRONT_FIELDS, Draft, Folder, Words
from perennial.messages.kinds import Linted, did_you_mean
from perennial.messages.linting import lint
from perennial.messages.phrasing import plural_forms
from perennial.messages.places import LaidOut, Marks, Place, without_marks
from perennial.messages.sandbox import Phrase, ShopEnvironment
from perennial.messages.shop_stage import assigned_names, lint_shop_stage
from perennial.model.shop import Shop

# Reads curly braces; evaluates nothing.
READER = Environment(autoescape=True)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A template with the shop's words in it: as it reads, as it is laid out, and what the lint says of it."""

    path: Path
    text: str
    laid: LaidOut
    linted: Linted


# One for all folders, so that what a text says to it is found out once.
_BRACKETS = ShopEnvironment({}, markup=False)


class Stage:
    """Fills in the square brackets of a folder's drafts for one shop."""

    def __init__(self, folder: Folder, shop: Shop, faults: list[Fault]) -> None:
        self._folder, self._shop, self._faults = folder, shop, faults
        self._marks = Marks()
        emails, texts = _email_drafts(folder), _sms_drafts(folder)
        self._environments = {
            "mjml": self._environment(emails, markup=True),
            "txt": self._environment(emails, markup=False),
            "sms": self._environment(texts, markup=False),
        }
        self._forms = {locale: plural_forms(locale) for locale in shop.locales}
        self._lint_words()
        for name, drafts in (("txt", emails), ("sms", texts)):
            self._lint_brackets(self._environments[name], drafts)
        self._words = {locale: self._phrases(locale) for locale in shop.locales}

    def fill_in(self, kind: str, name: str, draft: Draft, locale: str) -> Source | None:
        """A draft with the shop's words in it; nothing where that fails.

        Args:
            kind: mjml, txt or sms.
            name: of the draft within its channel.
            draft: it.
            locale: of the words.
        """
        front = SimpleNamespace(**self._front(draft))
        marked = self._render(kind, name, draft.path, locale, front)
        return None if marked is None else self._source(draft.path, marked, locale)

    def front(self, draft: Draft, locale: str) -> dict[str, Source]:
        """The phrases of the front matter."""
        phrases = self._front(draft)
        return {name: self._source(draft.path, phrases[name], locale) for name in FRONT_FIELDS}

    def phrase(self, path: Path, words: Words, locale: str) -> Source:
        """A phrase that stands by itself in a file."""
        return self._source(path, self._phrase(path, words), locale)

    def word(self, locale: str, name: str) -> str | None:
        """A plain phrase of the words file."""
        phrase = self._words[locale].get(name)
        return None if phrase is None else without_marks(phrase)

    def _environment(self, drafts: Mapping[str, Draft], *, markup: bool) -> ShopEnvironment:
        files = {
            name: (
                self._marks.set_in(_BRACKETS, draft.path, draft.body),
                str(draft.path),
            )
            for name, draft in drafts.items()
        }
        return ShopEnvironment(files, markup=markup)

    def _phrases(self, locale: str) -> dict[str, Phrase]:
        path = self._folder.words_paths[locale]
        return {
            name: self._phrase(path, words) for name, words in self._folder.words[locale].items()
        }

    def _front(self, draft: Draft) -> dict[str, Phrase]:
        return {name: self._phrase(draft.path, words) for name, words in draft.front.items()}

    def _phrase(self, path: Path, words: Words) -> Phrase:
        if "[[" in words.text or "[%" in words.text:
            place = Place(path=path, line=words.line, column=words.column, following=words.text)
            message = "Square brackets are not filled in inside a phrase."
            hint = (
                "Write %(shop)s here and [[ words.name | format(shop=shop.name) ]] in the layout."
            )
            self._faults.append(place.fault(message, hint=hint, at=r"\[[\[%]"))
        return Phrase(
            self._marks.set_in(_BRACKETS, path, words.text, line=words.line, column=words.column)
        )

    def _source(self, path: Path, marked: str, locale: str) -> Source:
        laid = self._marks.lay_out(marked, path)
        linted = lint(READER, laid.text, self._forms[locale])
        for finding in linted.findings:
            place = laid.place(finding.line)
            self._faults.append(place.fault(finding.message, hint=finding.hint, at=finding.at))
        return Source(path=path, text=without_marks(marked), laid=laid, linted=linted)

    def _render(
        self, kind: str, name: str, path: Path, locale: str, front: SimpleNamespace
    ) -> str | None:
        environment = self._environments[kind]
        environment.budget.refill()
        words = SimpleNamespace(**self._words[locale])
        try:
            template = environment.get_template(name)
            return template.render(shop=self._shop, words=words, locale=locale, front=front)
        except (
            JinjaError,
            RecursionError,
            TypeError,
            ValueError,
            LookupError,
            ArithmeticError,
        ) as error:
            # A syntax error is known already, from the lint of that very file.
            self._faults.append(_runtime_fault(error, path))
            return None

    def _lint_words(self) -> None:
        """Every language says the same phrases."""
        every = {name: locale for locale, words in self._folder.words.items() for name in words}
        for locale, words in self._folder.words.items():
            for name in sorted(every.keys() - words.keys()) if words else ():
                other = self._folder.words_paths[every[name]].name
                message = f"`{name}` is missing; {other} has it."
                hint = did_you_mean(name, words.keys() - every.keys())
                path = self._folder.words_paths[locale]
                self._faults.append(Fault(path=path, message=message, hint=hint))

    def _lint_brackets(self, environment: ShopEnvironment, drafts: Mapping[str, Draft]) -> None:
        words = {name for phrases in self._folder.words.values() for name in phrases}
        front = {*FRONT_FIELDS, *(name for draft in drafts.values() for name in draft.front)}
        known = frozenset[str]().union(*(assigned_names(draft.body) for draft in drafts.values()))
        for draft in drafts.values():
            self._faults += lint_shop_stage(
                environment,
                draft.path,
                draft.body,
                known=known,
                members={"words": words, "front": front},
            )


def _email_drafts(folder: Folder) -> dict[str, Draft]:
    own = {
        f"{name}/{locale}{draft.path.suffix}": draft
        for (name, locale), drafts in folder.emails.items()
        for draft in drafts
    }
    return {**folder.shared["email"], **own}


def _sms_drafts(folder: Folder) -> dict[str, Draft]:
    own = {f"{name}/{locale}.txt": draft for (name, locale), draft in folder.texts.items()}
    return {**folder.shared["sms"], **own}


def _runtime_fault(error: Exception, path: Path) -> Fault:
    """The fault, at the deepest line of a template that was being filled in."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if frame.filename.endswith((".mjml", ".txt"))]
    message = f"The shop's words cannot be filled in ({type(error).__name__}): {error}."
    if not inside:
        return Fault(path=path, message=message)
    return Fault(path=Path(inside[-1].filename), line=inside[-1].lineno, message=message)
