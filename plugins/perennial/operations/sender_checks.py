"""The sender of emails: its domain as the policy warms it up, and as mailbox providers ask the DNS about it."""

from __future__ import annotations

from collections.abc import Iterator

import dns.exception
import dns.resolver

from perennial.model.warm_up import domain_of
from perennial.model.words import Channel
from perennial.operations.findings import Finding, fail, warn, well
from perennial.profiles import Profile
from perennial.settings import Transport
from perennial.steps.services import Perennial

EXAMPLES = (".example", ".test", ".invalid")
"""Domains that are nobody's (RFC 2606)."""

_REAL = frozenset({Transport.SENDGRID, Transport.SMTP})
_PATIENCE_SECONDS = 5.0
_FEWEST_LABELS = 2


def sender_checks(perennial: Perennial) -> Iterator[Finding]:
    """What stands for the sender; asks the DNS where emails really leave."""
    yield _warm_up(perennial)
    yield _dmarc(perennial)


def _warm_up(perennial: Perennial) -> Finding:
    """Whether the ramps of the policy hold anybody. Where the sender stands today is for `perennial status`."""
    check, sender = "sender.warm_up", domain_of(perennial.shop.from_address)
    ramps = perennial.policy.warm_up
    if strangers := sorted(ramps.keys() - {sender}):
        return warn(check, f"Nobody sends from {', '.join(strangers)}: emails leave from {sender}.")
    if (rule := ramps.get(sender)) is None:
        return well(check, "No new sender is warmed up.")
    day = perennial.now().astimezone(perennial.shop.zone).date()
    if (allowed := rule.emails_on(day)) is None:
        return well(check, f"{sender} is warm: its ramp is over.")
    step, steps = rule.step_on(day), len(rule.emails_per_day)
    return well(check, f"{sender} is warmed up: day {step} of {steps}, {allowed:,} emails.")


def _dmarc(perennial: Perennial) -> Finding:
    check, sender = "sender.dmarc", domain_of(perennial.shop.from_address)
    if perennial.settings.transport_of(Channel.EMAIL) not in _REAL:
        return well(check, "No email leaves this installation.")
    if sender.endswith(EXAMPLES):
        says = f"{sender} is an example: nobody can publish anything for it."
        production = perennial.settings.profile is Profile.PRODUCTION
        return fail(check, says) if production else well(check, says)
    return dmarc_finding(sender)


def dmarc_finding(sender: str, resolver: dns.resolver.Resolver | None = None) -> Finding:
    """What the sender's domain, or the nearest above it that says anything, tells mailbox providers to do with forgeries.

    Without a resolver, the machine's own is asked.
    """
    check, labels = "sender.dmarc", sender.split(".")
    try:
        asked = resolver or dns.resolver.get_default_resolver()
        for first in range(len(labels) - _FEWEST_LABELS + 1):
            name = ".".join(labels[first:])
            if (policy := _policy(asked, name)) is not None:
                return well(check, f"{name} publishes DMARC, with the policy {policy or 'none'}.")
    except dns.exception.DNSException as error:
        return warn(check, f"The DNS of {sender} cannot be asked ({type(error).__name__}).")
    return warn(check, f"Neither {sender} nor a domain above it publishes DMARC.")


def _policy(resolver: dns.resolver.Resolver, name: str) -> str | None:
    """The policy in the DMARC record of a name; nothing where it has none."""
    try:
        answer = resolver.resolve(f"_dmarc.{name}", "TXT", lifetime=_PATIENCE_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return None
    for record in answer:
        version, *tags = [
            tag.strip() for tag in b"".join(record.strings).decode("ascii", "replace").split(";")
        ]
        if version.replace(" ", "") == "v=DMARC1":
            pairs = dict(tag.split("=", 1) for tag in tags if "=" in tag)
            return next((v.strip() for k, v in pairs.items() if k.strip() == "p"), "")
    return None
