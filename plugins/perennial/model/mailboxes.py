"""Who runs the mailbox behind an address, as far as its domain tells: they judge a sender, each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from perennial.model.words import Mailbox

# Their own domains. Companies that have their mail with them show in no domain, and are others.
_DOMAINS: Mapping[Mailbox, tuple[str, ...]] = {
    Mailbox.GMAIL: ("gmail.com", "googlemail.com"),
    Mailbox.OUTLOOK: ("outlook.com", "hotmail.com", "live.com", "msn.com", "passport.com"),
    Mailbox.YAHOO: ("yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "aim.com"),
    Mailbox.ICLOUD: ("icloud.com", "me.com", "mac.com"),
    Mailbox.MAIL_RU: ("mail.ru", "inbox.ru", "bk.ru", "list.ru", "internet.ru", "xmail.ru"),
    Mailbox.YANDEX: ("yandex.com", "yandex.ru", "ya.ru", "narod.ru"),
}
# With a country's ending in place of .com: hotmail.co.uk, yahoo.es, yandex.kz.
_IN_MANY_COUNTRIES: Mapping[str, Mailbox] = MappingProxyType(
    {
        "outlook": Mailbox.OUTLOOK,
        "hotmail": Mailbox.OUTLOOK,
        "live": Mailbox.OUTLOOK,
        "yahoo": Mailbox.YAHOO,
        "yandex": Mailbox.YANDEX,
    }
)
_BY_DOMAIN = {domain: mailbox for mailbox, domains in _DOMAINS.items() for domain in domains}
_COUNTRY = 2
_SECOND_LEVELS = frozenset({"co", "com"})


def mailbox_of(address: str) -> Mailbox:
    """Who runs the mailbox of an email address."""
    domain = address.rpartition("@")[2].lower()
    found = _BY_DOMAIN.get(domain)
    return found if found is not None else _by_country(domain)


def _by_country(domain: str) -> Mailbox:
    name, *ending = domain.split(".")
    in_a_country = bool(ending) and len(ending[-1]) == _COUNTRY
    plain = len(ending) == 1 or (len(ending) == _COUNTRY and ending[0] in _SECOND_LEVELS)
    return _IN_MANY_COUNTRIES.get(name, Mailbox.OTHER) if in_a_country and plain else Mailbox.OTHER
