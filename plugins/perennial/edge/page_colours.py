"""Every colour of the pages, by day and by night, made from the four that the shop names; legible whatever they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_SHIPPED = {"brand": "#2f5d50", "accent": "#b5523b", "paper": "#f5f3ee", "ink": "#24302c"}
_WHITE, _BLACK = "#ffffff", "#000000"
# Of the Web Content Accessibility Guidelines 2.2: words, and the borders of what can be filled in; a little above each.
_WORDS, _BORDERS = 4.6, 3.1
_LONG_TEXT = 7.0

_Rgb = tuple[int, int, int]


def page_colours(shop: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The colours for `day` and `night`, by what they are for."""
    chosen = _SHIPPED | dict(shop)
    return {"day": _day(**chosen), "night": _night(**chosen)}


def contrast(one: str, other: str) -> float:
    """How well one colour stands out against another, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _day(*, brand: str, accent: str, paper: str, ink: str) -> dict[str, str]:
    page = _until(paper, _WHITE, lambda c: _luminance(c) >= 0.75)
    card = _mix(_WHITE, page, 90)
    tint = _mix(brand, card, 8)
    words = _clear(_clear(ink, _BLACK, page, at_least=_LONG_TEXT), _BLACK, tint)
    return {
        "page": page,
        "card": card,
        "tint": tint,
        "ink": words,
        "soft": _clear(_mix(words, card, 72), _BLACK, page, tint),
        "line": _mix(words, card, 14),
        "edge": _clear(_mix(words, card, 48), _BLACK, card, at_least=_BORDERS),
        "brand": (on := _clear(brand, _BLACK, page, card, tint)),
        "on_brand": _readable_on(on),
        "warm": _clear(accent, _BLACK, page, card),
    }


def _night(*, brand: str, accent: str, paper: str, ink: str) -> dict[str, str]:
    page = _until(_mix(ink, _BLACK, 45), _BLACK, lambda c: _luminance(c) <= 0.012)
    card = _until(_mix(ink, _BLACK, 74), _BLACK, lambda c: _luminance(c) <= 0.03)
    tint = _until(_mix(brand, card, 22), card, lambda c: contrast(c, _WHITE) >= _LONG_TEXT)
    words = _clear(_mix(paper, card, 94), _WHITE, card, at_least=_LONG_TEXT)
    words = _clear(words, _WHITE, tint)
    return {
        "page": page,
        "card": card,
        "tint": tint,
        "ink": words,
        "soft": _clear(_mix(words, card, 74), _WHITE, card, tint),
        "line": _mix(words, card, 18),
        "edge": _clear(_mix(words, card, 50), _WHITE, card, at_least=_BORDERS),
        "brand": (on := _clear(_mix(brand, _WHITE, 62), _WHITE, page, card, tint)),
        "on_brand": _readable_on(on),
        "warm": _clear(_mix(accent, _WHITE, 62), _WHITE, page, card),
    }


def _clear(colour: str, towards: str, *backs: str, at_least: float = _WORDS) -> str:
    """The colour, moved only as far as it takes to be read on each of the others."""
    return _until(colour, towards, lambda c: all(contrast(c, back) >= at_least for back in backs))


def _readable_on(back: str) -> str:
    return max(_WHITE, _BLACK, key=lambda front: contrast(front, back))


def _until(colour: str, towards: str, good: Callable[[str], bool]) -> str:
    steps = (_mix(colour, towards, percent) for percent in range(100, -1, -2))
    return next((step for step in steps if good(step)), towards)


def _mix(one: str, other: str, percent: int) -> str:
    pairs = zip(_rgb(one), _rgb(other), strict=True)
    return "#" + "".join(f"{(a * percent + b * (100 - percent)) // 100:02x}" for a, b in pairs)


def _luminance(colour: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in _rgb(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> _Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
