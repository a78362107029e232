"""The second stage is prepared here: MJML becomes HTML, and each part becomes code that is run for every customer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mjml import mjml2html

from perennial.errors import Fault
from perennial.messages.approved import CompiledWhatsApp
from perennial.messages.approved_files import ApprovedDraft
from perennial.messages.files import Draft, Folder
from perennial.messages.kinds import Kind
from perennial.messages.markup import (
    Construct,
    MarkupCheck,
    find_constructs,
    lost_constructs,
    mask,
    unmask,
)
from perennial.messages.parts import Part
from perennial.messages.phrasing import Phrasing
from perennial.messages.places import LaidOut, Place
from perennial.messages.sandbox import CustomerEnvironment, escape_words
from perennial.messages.staging import READER, Source, Stage
from perennial.messages.tidying import ONE_LINE, PLAIN_TEXT, SHORT_TEXT, Tidying, tidy_source
from perennial.model.message import EmailFrame
from perennial.model.shop import Shop

_RAW_HINT = "Between MJML elements, tags in curly braces stand inside <mj-raw>."
_SPAN = re.compile(r" at position (\d+):\d+")


@dataclass(frozen=True, kw_only=True)
class CompiledEmail:
    """An email in one language, ready to be filled in; `frame` holds the literals of its subject, HTML and text."""

    path: Path
    frame: EmailFrame
    subject: Part
    preheader: Part
    html: Part
    text: Part
    reason: Part
    reason_html: Part
    fields: frozenset[str]
    required: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class CompiledSms:
    """A text message in one language, ready to be filled in."""

    path: Path
    text: Part
    stop_word: str
    fields: frozenset[str]
    required: frozenset[str]


class Compiler:
    """Compiles the drafts of a folder for one shop and collects the faults."""

    def __init__(self, folder: Folder, shop: Shop, faults: list[Fault]) -> None:
        self._stage = Stage(folder, shop, faults)
        self._faults = faults
        self._customers = {
            (locale, markup): CustomerEnvironment(Phrasing(locale, shop).filters(), markup=markup)
            for locale in shop.locales
            for markup in (True, False)
        }

    def email(self, name: str, locale: str, drafts: tuple[Draft, Draft]) -> CompiledEmail | None:
        """An email, or nothing where a fault stands in the way."""
        known = len(self._faults)
        mjml, text = drafts
        front = self._stage.front(mjml, locale)
        looks = self._stage.fill_in("mjml", f"{name}/{locale}.mjml", mjml, locale)
        plain = self._stage.fill_in("txt", f"{name}/{locale}.txt", _with_front(text, mjml), locale)
        html = self._html(looks) if looks and len(self._faults) == known else None
        if looks is None or plain is None or html is None or len(self._faults) > known:
            return None
        sources = (*front.values(), looks, plain)
        reason = front["because"].text
        subject = self._part(locale, front["subject"].text, ONE_LINE)
        markup = self._markup(locale, html)
        words = self._part(locale, tidy_source(plain.text), PLAIN_TEXT)
        return CompiledEmail(
            path=mjml.path,
            frame=EmailFrame(subject=subject.literals, html=markup.literals, text=words.literals),
            subject=subject,
            preheader=self._part(locale, front["preheader"].text, ONE_LINE),
            html=markup,
            text=words,
            reason=self._part(locale, reason),
            reason_html=self._markup(locale, escape_words(reason)),
            fields=_union(source.linted.fields for source in sources),
            required=_union(source.linted.required for source in sources),
        )

    def sms(self, name: str, locale: str, draft: Draft) -> CompiledSms | None:
        """A text message, or nothing where a fault stands in the way."""
        known = len(self._faults)
        source = self._stage.fill_in("sms", f"{name}/{locale}.txt", draft, locale)
        stop_word = self._stage.word(locale, "stop_word")
        if stop_word is None:
            message = f"The words of {locale} lack `stop_word`, which every text message needs."
            self._faults.append(Fault(path=draft.path, message=message))
        if source is None or stop_word is None or len(self._faults) > known:
            return None
        return CompiledSms(
            path=draft.path,
            text=self._part(locale, tidy_source(source.text), SHORT_TEXT),
            stop_word=stop_word,
            fields=frozenset(source.linted.fields),
            required=frozenset(source.linted.required),
        )

    def whatsapp(self, locale: str, draft: ApprovedDraft) -> CompiledWhatsApp | None:
        """An approved template, or nothing where a fault stands in the way."""
        known = len(self._faults)
        sources = {
            name: self._stage.phrase(draft.path, words, locale)
            for name, words in draft.variables.items()
        }
        stop_word = self._stage.word(locale, "stop_word")
        if stop_word is None or stop_word not in draft.body.text:
            message = f"The body lacks the word that stops messages, {stop_word or 'stop_word'}."
            self._faults.append(Fault(path=draft.path, line=draft.body.line, message=message))
        if len(self._faults) > known:
            return None
        return CompiledWhatsApp(
            path=draft.path,
            content_sid=draft.content_sid,
            body=draft.body.text.strip(),
            variables={
                name: self._part(locale, source.text, ONE_LINE) for name, source in sources.items()
            },
            fields=_union(source.linted.fields for source in sources.values()),
            required=_union(source.linted.required for source in sources.values()),
        )

    def _part(self, locale: str, source: str, tidying: Tidying | None = None) -> Part:
        return Part(self._customers[locale, False], source, tidying)

    def _markup(self, locale: str, source: str) -> Part:
        return Part(self._customers[locale, True], source)

    def _html(self, source: Source) -> str | None:
        """The HTML of a page of MJML; curly braces are masked, since MJML would trip over them."""
        known = len(self._faults)
        laid = find_constructs(READER, source.laid.text)
        self._check(mask(source.laid.text, laid), source, laid, source.laid)
        if len(self._faults) > known:
            return None
        constructs = find_constructs(READER, source.text)
        masked = mask(source.text, constructs).strip()
        try:
            html = mjml2html(masked, disable_comments=True, fonts={})
        except ValueError as error:
            self._faults.append(_mjml_fault(str(error), masked, source))
            return None
        self._check(html, source, constructs, None)
        if lost := lost_constructs(html, masked):
            message = (
                f"MJML drops {source.text[constructs[lost[0]].start : constructs[lost[0]].end]}."
            )
            self._faults.append(Fault(path=source.path, message=message, hint=_RAW_HINT))
        return unmask(html, source.text, constructs)

    def _check(
        self, masked: str, source: Source, constructs: list[Construct], laid: LaidOut | None
    ) -> None:
        """Check markup, before MJML with the places of its tags, and after it, when only MJML itself can be to blame."""

        def blame(line: int, at: str, message: str, hint: str | None) -> None:
            place = laid.place(line) if laid else Place(path=source.path)
            self._faults.append(place.fault(message, hint=hint, at=at))

        printed = iter(source.linted.printed)
        kinds = [
            next(printed, Kind.UNKNOWN) if construct.prints else Kind.UNKNOWN
            for construct in constructs
        ]
        MarkupCheck(blame, kinds).check(masked)


def _with_front(text: Draft, mjml: Draft) -> Draft:
    """The plain-text twin shares the front matter of the MJML file."""
    return Draft(path=text.path, body=text.body, front=mjml.front)


def _union(sets: Iterable[set[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)


def _mjml_fault(error: str, masked: str, source: Source) -> Fault:
    """MJML's complaint, at the tag of the author's file that it is about."""
    message = f"MJML: {error.replace(' in root template', '')}."
    span = _SPAN.search(error)
    if span is None:
        return Fault(path=source.path, message=message, hint=_RAW_HINT)
    before = masked.encode()[: int(span[1])].decode(errors="ignore")
    tags = len(re.findall(r"</?[A-Za-z!]|qz\d+[ot]zq", before))
    return source.laid.place(tags + 1).fault(_SPAN.sub("", message), hint=_RAW_HINT)
