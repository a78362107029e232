"""What the pages say, in every language that the shop writes and somebody has worded."""

from __future__ import annotations

import difflib
import hashlib
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml
from babel import Locale

from perennial.errors import SettingsError
from perennial.model.shop import Shop

_log = logging.getLogger(__name__)

_SHIPPED = Path(__file__).parent / "pages" / "words"
_GAP = re.compile(r"%\((\w*)\)s")
_FALLBACK = "en"

Wording = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class PageWords:
    """The words by language, and which languages there are."""

    by_locale: Mapping[str, Wording]
    default: str

    @property
    def locales(self) -> Sequence[str]:
        return tuple(self.by_locale)

    def choose(self, *wanted: str | None) -> str:
        """The first language that there is; `es-MX` is content with `es`."""
        for name in filter(None, wanted):
            for candidate in (name, name.partition("-")[0].lower()):
                if candidate in self.by_locale:
                    return candidate
        return self.default

    def version(self, locale: str) -> str:
        """Tells these words from any others, for whoever must prove what a customer agreed to."""
        words = json.dumps(self.by_locale[locale], ensure_ascii=False, sort_keys=True)
        return f"pages/{locale}/{hashlib.sha256(words.encode()).hexdigest()[:16]}"

    @cached_property
    def own_names(self) -> Mapping[str, str]:
        """What each language calls itself."""
        return {locale: own_name(locale) for locale in self.locales}


def own_name(locale: str) -> str:
    """What a language calls itself, with a capital letter, as it stands alone."""
    name = Locale.parse(locale, sep="-").get_display_name() or locale
    return name[:1].upper() + name[1:]


def read_page_words(folder: Path, shop: Shop) -> PageWords:
    """The shipped words, with those that the shop has put into `folder` in their place, a file a language.

    Raises:
        SettingsError: a file of the shop's says something that no page says, or leaves a gap that no page fills.
    """
    shipped = {path.stem: _read(path) for path in sorted(_SHIPPED.glob("*.yaml"))}
    found: dict[str, Wording] = {}
    for locale in shop.locales:
        own = _own_words(folder / f"{locale}.yaml", shipped[_FALLBACK])
        words = {**shipped.get(locale, shipped.get(locale.partition("-")[0], {})), **own}
        if missing := shipped[_FALLBACK].keys() - words.keys():
            _log.warning(
                "The pages are not worded in %s: %s lacks %d phrases.", locale, folder, len(missing)
            )
        else:
            found[locale] = words
    default = shop.default_locale if shop.default_locale in found else next(iter(found), _FALLBACK)
    return PageWords(by_locale=found or {_FALLBACK: shipped[_FALLBACK]}, default=default)


def accepted_languages(header: str) -> list[str]:
    """What a browser asks for, the dearest first; nonsense is left out."""
    weighed = []
    for place, part in enumerate(header[:500].split(",")):
        name, _, rest = part.strip().partition(";")
        weight = _weight(rest)
        if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", name) and weight > 0:
            weighed.append((-weight, place, name))
    return [name for _, _, name in sorted(weighed)]


def _weight(text: str) -> float:
    found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", text)
    return float(found[1]) if found else 1.0


def _own_words(path: Path, known: Wording) -> Wording:
    if not path.exists():
        return {}
    own = _read(path)
    for name, words in own.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            msg = f"{path}: no page says {name!r}.{hint}"
            raise SettingsError(msg)
        if strange := sorted(set(_GAP.findall(words)) - set(_GAP.findall(known[name]))):
            msg = f"{path}: {name}: nothing fills %({strange[0]})s."
            raise SettingsError(msg)
    return own


def _read(path: Path) -> Wording:
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, yaml.YAMLError):
        read = None
    if not isinstance(read, dict) or not all(isinstance(words, str) for words in read.values()):
        msg = (
            f"{path}: this is not a list of phrases, each a name, a colon and its words in quotes."
        )
        raise SettingsError(msg)
    return read
