"""Who opened an email or followed a link: a person, or a machine on the way to one.

Mail programs load pictures before anybody reads (Apple's since 2021), and gateways follow links before anybody sees
them. Both look like a reader who is quick. The signals, the surest first:

- SendGrid says `sg_machine_open` where the picture was loaded by Apple's privacy protection.
- A user agent names itself: a scanner of a mail gateway, a monitor, a script.
- It happened within seconds of our handing the email over, and nobody reads so fast: the ledger knows when that was,
  and sees to it (ledger/applying.py).

Google's and Yahoo's picture proxies load when somebody reads, so they stand for a person. What none of this tells is
left open; and a scanner that calls itself a browser, and waits, passes for a person. Nothing that costs money or decides
about consent may rest on it. (That a gateway follows many links at once would be a sign, too; it is not used, because
the ledger keeps the first click of a message and no others, so the order of events would decide.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from perennial.model.words import Actor, EventWord

_SCANNERS: Mapping[str, str] = MappingProxyType(
    {
        "mail gateways": (
            r"barracuda|mimecast|proofpoint|urldefense|trendmicro|sophos|symantec|messagelabs|forcepoint|websense"
            r"|cloudmark|ironport|fireeye|trellix|zscaler|safelinks|bitdefender|kaspersky|avanan|vade"
        ),
        "link previews and crawlers": r"bot\b|crawler|spider|slurp|preview|facebookexternalhit|scan(ner|ning)\b",
        "scripts and headless browsers": (
            r"headless|phantomjs|selenium|puppeteer|playwright|curl/|wget/|python-|python/|aiohttp|okhttp|go-http-client"
            r"|java/|apache-httpclient|axios|node-fetch|libwww|ruby|perl|php/"
        ),
    }
)
_SCANNER = re.compile("|".join(_SCANNERS.values()), re.IGNORECASE)
_READER = re.compile(
    r"mozilla/\d|opera/\d|outlook|thunderbird|googleimageproxy|yahoomailproxy", re.IGNORECASE
)
# Apple's mail program says this and no more when it loads pictures for everybody's privacy.
_APPLE_PROXY = "mozilla/5.0"
_LONGEST = 500


def actor_of(
    word: EventWord,
    *,
    user_agent: str | None,
    machine_open: bool | None = None,
) -> Actor | None:
    """Who is behind an opening or a click; nothing where it does not show. Pure.

    `machine_open` is what SendGrid says of an opening.
    """
    if word not in (EventWord.OPENED, EventWord.CLICKED):
        return None
    agent = (user_agent or "")[:_LONGEST]
    bare = agent.strip().lower() == _APPLE_PROXY
    if machine_open or bare or _SCANNER.search(agent):
        return Actor.MACHINE
    return Actor.PERSON if _READER.search(agent) else None
