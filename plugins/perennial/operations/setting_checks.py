"""What can be told without asking anybody: settings, files, zones, room on the disk."""

from __future__ import annotations

import os
import re
import shutil
import ssl
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import TZPATH

from sqlalchemy import make_url

from perennial.model.words import Channel
from perennial.operations.findings import Finding, fail, warn, well
from perennial.profiles import Profile
from perennial.settings import Settings, Transport
from perennial.steps.services import Perennial

_DEMO = "demo-only-secret"
_FEWEST_SIGNS = 10
_SCARCE, _TOO_SCARCE = 5 * 1024**3, 512 * 1024**2
_OLDEST_RELEASE_YEARS = 1
_LOOPBACK = frozenset({"", "localhost", "127.0.0.1", "::1"})
_VERIFIED = frozenset({"verify-full", "verify-ca"})
_RELEASE = re.compile(r"(20\d\d)(?:[a-z]|\.\d+)")


def settings_checks(perennial: Perennial) -> Iterator[Finding]:
    """Everything that needs neither the network nor a database."""
    settings = perennial.settings
    yield _secret(settings)
    yield _transports(perennial)
    yield certificate_finding(settings)
    yield _files(settings.project)
    yield _zones(perennial.now().year)
    yield space_finding(settings)


def _secret(settings: Settings) -> Finding:
    check, secret = "settings.secret", settings.secret.get_secret_value()
    if settings.profile is Profile.DEMO:
        return well(check, "This is a demo: its secret is good for nothing else.")
    if _DEMO in secret:
        return fail(
            check, f"The {settings.profile} profile uses the demo's secret, which everybody knows."
        )
    if len(set(secret)) < _FEWEST_SIGNS:
        return fail(check, f"The secret has only {len(set(secret))} different signs.")
    return well(check)


def _transports(perennial: Perennial) -> Finding:
    used = {channel for campaign in perennial.campaigns for channel in campaign.channels}
    carried_by = perennial.settings.transport_of
    without = [c for c in Channel if c in used and carried_by(c) is Transport.NONE]
    if without:
        return warn(
            "settings.transports", f"Campaigns use {', '.join(without)}, which nothing carries."
        )
    return well("settings.transports")


def certificate_finding(settings: Settings) -> Finding:
    """Whether others have to show who they are, and nothing is sent in the clear."""
    check = "settings.certificates"
    faults = [*_unverified(), *_in_the_clear(settings)]
    if not faults:
        return well(check)
    said = " ".join(faults)
    return fail(check, said) if settings.profile is Profile.PRODUCTION else warn(check, said)


def _unverified() -> Iterator[str]:
    context, paths = ssl.create_default_context(), ssl.get_default_verify_paths()
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        yield "This Python verifies no certificates."
    elif not (paths.cafile or paths.capath or context.cert_store_stats()["x509_ca"]):
        yield "This machine has no root certificates."


def _in_the_clear(settings: Settings) -> Iterator[str]:
    ledger = make_url(settings.ledger.get_secret_value())
    remote = ledger.get_backend_name() == "postgresql" and (ledger.host or "") not in _LOOPBACK
    if remote and ledger.query.get("sslmode") not in _VERIFIED:
        yield "The ledger's server, on another machine, need not show a certificate."
    by_smtp = settings.transport_of(Channel.EMAIL) is Transport.SMTP
    if by_smtp and not settings.smtp_starttls and settings.smtp_host not in _LOOPBACK:
        yield "Emails go to the SMTP server in the clear."
    # Where S3's clients find the name of a server that is not Amazon's.
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    server = urlsplit(next((os.environ[name] for name in names if os.environ.get(name)), ""))
    if settings.lake_url and server.scheme == "http" and server.hostname not in _LOOPBACK:
        yield "The lake goes to its object storage in the clear."
    edge = urlsplit(settings.edge_url)
    if edge.scheme != "https" and (edge.hostname or "") not in _LOOPBACK:
        yield "The links in messages are not https."


def _files(project: Path) -> Finding:
    from perennial.pipeline.checking import find_faults

    faults = find_faults(project)
    if faults:
        return fail("files.checked", f"{len(faults)} mistakes, the first: {faults[0]}")
    return well("files.checked")


def _zones(year: int) -> Finding:
    release = zone_release()
    found = _RELEASE.match(release or "")
    if found is None:
        return warn(
            "zones.data", "Nobody can tell which release of the time zones' data this machine has."
        )
    if year - int(found[1]) > _OLDEST_RELEASE_YEARS:
        return warn("zones.data", f"The time zones' data are those of {release}.")
    return well("zones.data", f"The time zones' data are those of {release}.")


def zone_release() -> str | None:
    """The release of the zones' data that Python reads: the system's where it has them, else the package's."""
    for folder in map(Path, TZPATH):
        if not (folder / "Europe").is_dir():
            continue
        listed = folder / "tzdata.zi"
        if listed.is_file():
            with listed.open(encoding="ascii", errors="replace") as lines:
                return lines.readline().removeprefix("# version ").strip()
        return None
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return None


def space_finding(settings: Settings) -> Finding:
    """How much room there is where it is scarcest."""
    places = {"PERENNIAL_HOME": settings.home}
    if not settings.lake_url:
        places["PERENNIAL_LAKE"] = settings.lake_path
    free = {name: shutil.disk_usage(_there(path)).free for name, path in places.items()}
    name = min(free, key=lambda each: free[each])
    says = f"{free[name] / 1024**3:,.1f} GB are free at {name}."
    if free[name] < _TOO_SCARCE:
        return fail("disk.space", says)
    return warn("disk.space", says) if free[name] < _SCARCE else well("disk.space", says)


def _there(path: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return next(each for each in (path, *path.absolute().parents) if each.exists())
