"""What a wrong character set leaves behind in text, as one regular expression.

Names that people have are not hit: none has four accented letters of Latin 1 in a row, or a question mark inside.
"""

from __future__ import annotations

_AS_WINDOWS_1252 = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_TRACES = (
    "\ufffd|ï¿½",  # what could not be read at all, and the same read once more
    f"[ÂÃ][{_AS_WINDOWS_1252}]",  # UTF-8 as Latin 1 or Windows-1252, once or twice: JosÃ©
    f"[ÐÑ][{_AS_WINDOWS_1252}]",  # the same of Cyrillic
    "â€",  # the same of curly quotes and dashes
    "¨[\xa1-\xba]",  # GB 2312 as Latin 1: electr¨®nico
    "[À-ÖØ-öø-ÿ]{4}",  # Windows-1251 as Latin 1: Åêàòåðèíà
    "[A-Za-zÀ-ÿ]\\?[a-zà-ÿ]",  # a letter that the character set did not have: Jos?fina
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]",  # control characters
    "&(?:#[0-9]{2,5}|#x[0-9A-Fa-f]{2,4}|[A-Za-z]{2,8}[0-9]?);",  # HTML, escaped
)
GARBLED = "|".join(_TRACES)
