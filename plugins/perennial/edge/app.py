"""The web app that faces the world: a list of routes, and what they share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware

from perennial.edge.clicking import click_routes
from perennial.edge.confirming import confirm_routes
from perennial.edge.counting import Counts
from perennial.edge.gathering import Gatherer
from perennial.edge.hooks import hook_routes
from perennial.edge.link_pages import LinkPages
from perennial.edge.page_words import read_page_words
from perennial.edge.preferring import preference_routes
from perennial.edge.protecting import Protection
from perennial.edge.pushing import Pushing
from perennial.edge.rendering import Pages
from perennial.edge.surveying import survey_routes
from perennial.edge.troubles import trifle_routes, trouble_handlers
from perennial.edge.unsubscribing import unsubscribe_routes
from perennial.edge.watching import Watch
from perennial.steps.services import Perennial

# More would wait for each other in SQLite, and keep the ledger from those who send.
_CUSTOMERS_AT_ONCE = 4


def make_app(perennial: Perennial) -> Starlette:
    """The web app of an installation, for one process.

    Raises:
        SettingsError: a key that posts are to be checked with is none, the shop's words for its pages are wrong, or so is
            the time between two pushes of figures.
        ShopError: shop.yaml has mistakes.
    """
    perennial.ways()  # reads the campaigns now, not while the first customer waits
    counts = Counts()
    pushing = Pushing(counts)
    # Events are written in one thread: many posts share a transaction.
    ledger_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
    # Customers do not wait behind a flood of events.
    leaving_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="leaving")
    customer_threads = ThreadPoolExecutor(_CUSTOMERS_AT_ONCE, thread_name_prefix="customers")
    lake_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lake")
    gatherer = Gatherer(perennial.apply_events, executor=ledger_thread, applied=counts.note_applied)
    leaving = Gatherer(perennial.unsubscribe, executor=leaving_thread)
    watch = Watch(perennial, counts, executor=ledger_thread)
    words = read_page_words(perennial.settings.project / "templates" / "pages", perennial.shop)
    links = LinkPages(perennial, Pages(perennial.shop, words), executor=customer_threads)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with pushing.going_on():
            yield
        for threads in (customer_threads, leaving_thread, lake_thread, ledger_thread):
            threads.shutdown()

    return Starlette(
        routes=[
            *hook_routes(perennial, gatherer, counts),
            *unsubscribe_routes(links, leaving),
            *preference_routes(links, lake=lake_thread),
            *confirm_routes(links),
            *survey_routes(links),
            *click_routes(links, gatherer),
            *watch.routes(),
            *trifle_routes(),
        ],
        middleware=[Middleware(Protection)],
        exception_handlers=trouble_handlers(links),
        lifespan=lifespan,
    )
