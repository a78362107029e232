"""How many parts a text message has on the air; written from GSM 03.38 and 03.40, apart from our own count."""

from __future__ import annotations

from collections.abc import Sequence

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


def count_segments(body: str) -> int:
    """Parts of 160 or 153 septets when every sign is in the GSM alphabet, else of 70 or 67 UTF-16 units."""
    if all(sign in _BASIC or sign in _EXTENDED for sign in body):
        return _parts([2 if sign in _EXTENDED else 1 for sign in body], alone=160, joined=153)
    return _parts([2 if ord(sign) > 0xFFFF else 1 for sign in body], alone=70, joined=67)


def _parts(widths: Sequence[int], *, alone: int, joined: int) -> int:
    if sum(widths) <= alone:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > joined:
            parts, used = parts + 1, 0
        used += width
    return parts
