"""The templates of a shop: read once, checked once, compiled once, then filled in for every customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from perennial.errors import Fault, RenderError, TemplateError
from perennial.messages.approved import CompiledWhatsApp, fill_whatsapp
from perennial.messages.approved_files import read_approved
from perennial.messages.checks import (
    HTML_LIMIT,
    SMS_LIMIT,
    TEXT_LIMIT,
    missing_in_email,
    missing_in_sms,
    unseen_in_email,
)
from perennial.messages.compiling import CompiledEmail, CompiledSms, Compiler
from perennial.messages.files import read_folder
from perennial.messages.rendered import RenderedEmail, RenderedSms, RenderedWhatsApp
from perennial.messages.reusing import Origins, Sound, origins_of
from perennial.messages.sms_segments import count_segments, plain_punctuation
from perennial.messages.values import demand, example_values, required_of_plan
from perennial.model.fields import MERGE_FIELDS
from perennial.model.message import EmailParts
from perennial.model.shop import Shop
from perennial.model.words import Channel

Compiled = CompiledEmail | CompiledSms | CompiledWhatsApp


class Templates:
    """Every message that the shop can send, in every language that it speaks."""

    def __init__(
        self,
        shop: Shop,
        emails: Mapping[tuple[str, str], CompiledEmail],
        texts: Mapping[tuple[str, str], CompiledSms],
        approved: Mapping[tuple[str, str], CompiledWhatsApp],
        origins: Origins,
    ) -> None:
        self._origins = origins
        self._emails = dict(emails)
        self._texts = dict(texts)
        self._approved = dict(approved)
        self._channels: dict[Channel, Mapping[tuple[str, str], Compiled]] = {
            Channel.EMAIL: self._emails,
            Channel.SMS: self._texts,
            Channel.WHATSAPP: self._approved,
        }
        self._default_locale = shop.default_locale
        # Asked for with each message, so that only the links are signed that the message uses.
        self._fields = self._collect(lambda compiled: compiled.fields)
        self._required = self._collect(lambda compiled: required_of_plan(compiled.required))

    def sound_in(self, now: Origins) -> Sound:
        """The messages that would be compiled to the same from what is there now."""
        same = now.unchanged_since(self._origins)
        return Sound(
            emails={k: v for k, v in self._emails.items() if (Channel.EMAIL, *k) in same},
            texts={k: v for k, v in self._texts.items() if (Channel.SMS, *k) in same},
        )

    def are_made_of(self, now: Origins) -> bool:
        """Whether all of them, and there are no approved ones, would be compiled to the same again."""
        return self._origins == now and not self._approved

    def names(self, channel: Channel | None = None) -> tuple[str, ...]:
        """Every template, or those of one channel."""
        channels = Channel if channel is None else (channel,)
        return tuple(sorted({name for one in channels for name, _ in self._channels[one]}))

    def locales(self, name: str) -> tuple[str, ...]:
        """The languages in which a template exists."""
        keys = (*self._emails, *self._texts, *self._approved)
        return tuple(sorted({locale for known, locale in keys if known == name}))

    def fields(self, name: str, channel: Channel) -> frozenset[str]:
        """The merge fields that a template uses in any language."""
        return self._known(self._fields, name, channel)

    def required(self, name: str, channel: Channel) -> frozenset[str]:
        """The merge fields without which a plan cannot say the message in every language."""
        return self._known(self._required, name, channel)

    def locale_for(self, name: str, channel: Channel, locale: str) -> str:
        """The language in which a customer gets the template: es-MX falls back to es, then to the shop's own.

        Raises:
            RenderError: the shop has no such template.
        """
        known = self._channels[channel]
        for candidate in (locale, locale.partition("-")[0], self._default_locale):
            if (name, candidate) in known:
                return candidate
        raise RenderError(_no_template(name, channel))

    def email(self, template: str, locale: str, values: Mapping[str, Any]) -> RenderedEmail:
        """One customer's email.

        Args:
            template: its name.
            locale: the customer's; the nearest that exists is taken.
            values: as `read_values` gives them.

        Raises:
            RenderError: a value is missing or unfit, or the email would be too long.
        """
        compiled = self._emails[template, self.locale_for(template, Channel.EMAIL, locale)]
        return _checked_length(_fill_email(compiled, values))

    def preheader(self, template: str, locale: str, values: Mapping[str, Any]) -> str:
        """The line that inboxes show beside the subject of `email`; takes and raises the same."""
        compiled = self._emails[template, self.locale_for(template, Channel.EMAIL, locale)]
        return compiled.preheader.fill(values)

    def sms(self, template: str, locale: str, values: Mapping[str, Any]) -> RenderedSms:
        """One customer's text message.

        Args:
            template: its name.
            locale: the customer's; the nearest that exists is taken.
            values: as `read_values` gives them.

        Raises:
            RenderError: a value is missing or unfit, or the message would be too long.
        """
        compiled = self._texts[template, self.locale_for(template, Channel.SMS, locale)]
        return _fill_sms(compiled, values)

    def whatsapp(self, template: str, locale: str, values: Mapping[str, Any]) -> RenderedWhatsApp:
        """One customer's WhatsApp message.

        Args:
            template: its name.
            locale: the customer's; the nearest that exists is taken.
            values: as `read_values` gives them.

        Raises:
            RenderError: a value is missing or unfit, or the message would be too long.
        """
        locale = self.locale_for(template, Channel.WHATSAPP, locale)
        return fill_whatsapp(self._approved[template, locale], values)

    def _collect(
        self, fields: Callable[[Compiled], frozenset[str]]
    ) -> dict[tuple[str, Channel], frozenset[str]]:
        collected: dict[tuple[str, Channel], frozenset[str]] = {}
        for channel, versions in self._channels.items():
            for (name, _), compiled in versions.items():
                before = collected.get((name, channel), frozenset())
                collected[name, channel] = before | fields(compiled)
        return collected

    def _known(
        self, collected: Mapping[tuple[str, Channel], frozenset[str]], name: str, channel: Channel
    ) -> frozenset[str]:
        if (name, channel) not in collected:
            raise RenderError(_no_template(name, channel))
        return collected[name, channel]


def load_templates(folder: Path, shop: Shop, known: Templates | None = None) -> Templates:
    """Read, check and compile every template of a folder in every language of the shop.

    With `known`, what has not changed since is taken from there, wherever it lay: compiling takes most of the time.

    Raises:
        TemplateError: names every fault with file, line and column.
    """
    faults: list[Fault] = []
    drafts = read_folder(folder, shop.locales, faults)
    origins = origins_of(drafts, shop)
    approved_drafts = read_approved(folder / "whatsapp", shop.locales, faults)
    if known and known.are_made_of(origins) and not approved_drafts and not faults:
        return known
    sound = known.sound_in(origins) if known else Sound()
    compiler = Compiler(drafts, shop, faults)
    emails = {
        key: compiler.email(*key, pair)
        for key, pair in drafts.emails.items()
        if key not in sound.emails
    }
    texts = {
        key: compiler.sms(*key, draft)
        for key, draft in drafts.texts.items()
        if key not in sound.texts
    }
    approved = {key: compiler.whatsapp(key[1], draft) for key, draft in approved_drafts.items()}
    for email in filter(None, emails.values()):
        faults += _try_email(email, shop)
    for sms in filter(None, texts.values()):
        faults += _try_sms(sms, shop)
    for whatsapp in filter(None, approved.values()):
        faults += _try_whatsapp(whatsapp, shop)
    if faults:
        raise TemplateError(sorted(set(faults), key=_by_place))
    return Templates(
        shop,
        {**sound.emails, **{key: email for key, email in emails.items() if email}},
        {**sound.texts, **{key: sms for key, sms in texts.items() if sms}},
        {key: whatsapp for key, whatsapp in approved.items() if whatsapp},
        origins,
    )


def _no_template(name: str, channel: Channel) -> str:
    return f"There is no {channel.value} template `{name}`."


def _by_place(fault: Fault) -> tuple[str, int, int, str]:
    return str(fault.path), fault.line or 0, fault.column or 0, fault.message


def _fill_email(compiled: CompiledEmail, values: Mapping[str, Any]) -> RenderedEmail:
    demand(values, compiled.required)
    frame = compiled.frame
    parts = EmailParts(
        frame=frame,
        subject=compiled.subject.gaps(values),
        html=compiled.html.gaps(values),
        text=compiled.text.gaps(values),
    )
    return RenderedEmail(
        parts=parts,
        reason=compiled.reason.fill(values),
        reason_html=compiled.reason_html.fill(values),
    )


def _fill_sms(compiled: CompiledSms, values: Mapping[str, Any]) -> RenderedSms:
    demand(values, compiled.required)
    text = plain_punctuation(compiled.text.fill(values))
    if len(text) > SMS_LIMIT:
        message = f"The text message has {len(text)} characters; {SMS_LIMIT} is the most."
        raise RenderError(message)
    length = count_segments(text)
    return RenderedSms(
        text=text,
        encoding=length.encoding,
        characters=length.units,
        segments=length.segments,
        stop_word=compiled.stop_word,
    )


def _checked_length(email: RenderedEmail) -> RenderedEmail:
    parts = email.parts
    for literals, gaps, limit in (
        (parts.frame.html, parts.html, HTML_LIMIT),
        (parts.frame.text, parts.text, TEXT_LIMIT),
    ):
        # No character takes more than four bytes: most gaps need not be encoded to be known to fit.
        common = _size_of_frame(literals)
        if common + 4 * sum(map(len, gaps)) > limit and (size := common + _size(gaps)) > limit:
            message = f"The email has {size} bytes; Gmail cuts it off after {limit}."
            raise RenderError(message)
    return email


def _size(texts: tuple[str, ...]) -> int:
    return sum(len(text.encode()) for text in texts)


# As many frames are remembered as a shop may have.
_size_of_frame = lru_cache(4_096)(_size)


def _examples(compiled: Compiled, shop: Shop) -> tuple[dict[str, Any], dict[str, Any]]:
    """The examples of every value, and of those alone without which the template cannot do."""
    sparse = example_values(sparse=True, scale=shop.survey_scale)
    needed = {name: value if name in compiled.required else None for name, value in sparse.items()}
    return example_values(scale=shop.survey_scale), needed


def _try_email(compiled: CompiledEmail, shop: Shop) -> list[Fault]:
    """Fill in the examples, and look for what every email must carry."""
    faults = []
    for values in _examples(compiled, shop):
        try:
            email = _checked_length(_fill_email(compiled, values))
        except RenderError as error:
            faults.append(Fault(path=compiled.path, message=f"With examples: {error}"))
            continue
        url = str(MERGE_FIELDS["unsubscribe_url"].example)
        lacks = [*missing_in_email(email, shop, url), *unseen_in_email(email, shop, url)]
        faults += [Fault(path=compiled.path, message=f"The email lacks {it}.") for it in lacks]
    return faults


def _try_sms(compiled: CompiledSms, shop: Shop) -> list[Fault]:
    """Fill in the examples, and look for what every text message must carry."""
    faults = []
    for values in _examples(compiled, shop):
        try:
            sms = _fill_sms(compiled, values)
        except RenderError as error:
            faults.append(Fault(path=compiled.path, message=f"With examples: {error}"))
            continue
        lacks = missing_in_sms(sms, shop)
        faults += [Fault(path=compiled.path, message=f"The message lacks {it}.") for it in lacks]
    return faults


def _try_whatsapp(compiled: CompiledWhatsApp, shop: Shop) -> list[Fault]:
    """Fill in the examples, and look whether every value comes out."""
    faults = []
    for values in _examples(compiled, shop):
        try:
            fill_whatsapp(compiled, values)
        except RenderError as error:
            faults.append(Fault(path=compiled.path, message=f"With examples: {error}"))
    return faults
