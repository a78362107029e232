"""What people open in the Studio, how often, and how long each page takes."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import aiohttp

from perennial.settings import PROJECT, Settings
from studio_rig.door import VISITOR
from studio_rig.year import CAMPAIGNS, Year

_RULES = (
    "silence_ratio >= {} and orders >= 2",
    "orders >= {} and recency_days between 14 and 300",
    "points_balance > {} and favourite_category = 'Coffee'",
)
_WORDS = "templates/email/win_back_hello/en.mjml"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: a page, or a form that is sent off."""

    path: str
    form: Mapping[str, str] | None = None


@dataclass(kw_only=True)
class Visits:
    """Asks for pages and keeps the seconds that each kind took."""

    url: str
    year: Year
    draw: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - no secret
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def mix(self) -> dict[str, tuple[int, Callable[[], Asked]]]:
        """Each kind of page: how often it is opened, and one such request."""
        campaign, large = self.year.large
        day, name = f"?day={large}", self._name
        files = {
            f: (PROJECT / f).read_text(encoding="utf-8")
            for f in ("campaigns/win_back.yaml", _WORDS)
        }
        return {
            "today": (18, lambda: Asked(path="/")),
            "calendar": (6, lambda: Asked(path="/calendar")),
            "campaigns": (5, lambda: Asked(path="/campaigns")),
            "campaign": (12, lambda: Asked(path=f"/campaigns/{name()}")),
            "campaign, 1 M": (4, lambda: Asked(path=f"/campaigns/{campaign}{day}")),
            "people": (4, lambda: Asked(path=f"/campaigns/{name()}/people?step=send")),
            "people, 1 M": (
                2,
                lambda: Asked(path=f"/campaigns/{campaign}/people{day}&step=skip.capped&page=7"),
            ),
            "preview": (8, lambda: Asked(path=f"/campaigns/{name()}/preview")),
            "preview, 1 M": (2, lambda: Asked(path=f"/campaigns/{campaign}/preview{day}")),
            "preview of anybody": (
                4,
                lambda: Asked(path=f"/campaigns/{name()}/preview?customer={self._customer()}"),
            ),
            "languages": (2, lambda: Asked(path=f"/campaigns/{name()}/languages")),
            "edit": (3, lambda: Asked(path="/campaigns/win_back/edit")),
            "check of a rule, with count": (
                4,
                lambda: self._rule(files["campaigns/win_back.yaml"]),
            ),
            "check of words": (3, lambda: self._edited(files[_WORDS])),
            "versions": (1, lambda: Asked(path="/campaigns/win_back/versions")),
            "run": (2, lambda: Asked(path=f"/campaigns/{name()}/run")),
            "results": (3, lambda: Asked(path="/results")),
            "result": (3, lambda: Asked(path=f"/results/{name()}")),
            "customers": (2, lambda: Asked(path="/customers")),
            "find a customer": (2, self._found),
            "customer": (5, lambda: Asked(path=f"/customers/{self._customer()}")),
            "nights": (3, lambda: Asked(path="/data")),
            "doubts": (2, lambda: Asked(path="/doubts")),
            "approvals": (2, lambda: Asked(path="/approvals")),
            "audit": (1, lambda: Asked(path="/audit")),
        }

    async def one(self, session: aiohttp.ClientSession, kind: str, asked: Asked) -> None:
        """Opens a page, and what its frame shows.

        Raises:
            RuntimeError: the page says that something is wrong.
        """
        started = time.perf_counter()
        html = await self._answer(session, asked)
        self.seconds[kind].append(time.perf_counter() - started)
        if frames := re.findall(r'<iframe[^>]* src="/studio([^"]+)"', html):
            started = time.perf_counter()
            await self._answer(session, Asked(path=frames[0].replace("&amp;", "&")))
            self.seconds["email in its frame"].append(time.perf_counter() - started)

    async def crowd(self, users: int, seconds: float, pause: float) -> None:
        """Lets so many people open pages for a while, each of whom reads on average so many seconds after each."""
        mix = self.mix()
        kinds, weights = list(mix), [weight for weight, _ in mix.values()]
        until = time.perf_counter() + seconds

        async def person(session: aiohttp.ClientSession) -> None:
            await asyncio.sleep(self.draw.uniform(0, pause))
            while time.perf_counter() < until:
                (kind,) = self.draw.choices(kinds, weights)
                await self.one(session, kind, mix[kind][1]())
                await asyncio.sleep(self.draw.expovariate(1 / pause))

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            await asyncio.gather(*(person(session) for _ in range(users)))

    async def _answer(self, session: aiohttp.ClientSession, asked: Asked) -> str:
        url = self.url + asked.path
        sent = (
            session.get(url)
            if asked.form is None
            else session.post(url, data=asked.form, allow_redirects=False)
        )
        async with sent as response:
            html = await response.text()
            if response.status not in {200, 303}:
                msg = f"{asked.path}: {response.status}: {html[-600:]}"
                raise RuntimeError(msg)
            return html

    def _name(self) -> str:
        return self.draw.choice(CAMPAIGNS)

    def _customer(self) -> str:
        return f"{self.draw.randrange(self.year.customers):08d}"

    def _found(self) -> Asked:
        said = f"c{self.draw.randrange(self.year.customers)}@people.example"
        return self._form("/customers/find", who=said)

    def _rule(self, text: str) -> Asked:
        rule = self.draw.choice(_RULES).format(self.draw.randrange(1, 30))
        after = re.sub(r"where: .*", f"where: {rule}", text)
        return self._check("campaigns/win_back.yaml", text, after)

    def _edited(self, text: str) -> Asked:
        return self._check(
            _WORDS, text, text.replace("</mj-text>", f" {self.draw.random()}</mj-text>", 1)
        )

    def _check(self, file: str, before: str, after: str) -> Asked:
        seen = sha256(before.encode()).hexdigest()
        return self._form("/campaigns/win_back/check", file=file, text=after, seen=seen)

    def _form(self, path: str, **values: str) -> Asked:
        key = VISITOR.form_key(Settings().secret.get_secret_value())
        return Asked(path=path, form={"form_key": key, **values})


def peak_memory_mb(pid: int) -> int:
    """The most memory that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (found,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(found) // 1024
