"""The web app that faces the world: a list of routes, and what they share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from perennial.edge.counting import Counts
from perennial.edge.gathering import Gatherer
from perennial.edge.hooks import hook_routes
from perennial.edge.watching import Watch
from perennial.steps.services import Perennial


def make_app(perennial: Perennial) -> Starlette:
    """The web app of an installation, for one process.

    Raises:
        SettingsError: a key that posts are to be checked with is none.
    """
    counts = Counts()
    # All writing happens in one thread: the ledger takes one transaction after another anyway.
    ledger_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
    gatherer = Gatherer(perennial.apply_events, executor=ledger_thread, applied=counts.note_applied)
    watch = Watch(perennial, counts, executor=ledger_thread)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        ledger_thread.shutdown()

    return Starlette(
        routes=[*hook_routes(perennial, gatherer, counts), *watch.routes()], lifespan=lifespan
    )
