"""A customer's web server: keeps what providers post to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web


@dataclass(frozen=True, kw_only=True)
class Post:
    """One request as it came in."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> Mapping[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(kw_only=True)
class Sink:
    """Everything that came in, and with which status the next posts are answered."""

    url: str = ""
    posts: list[Post] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def events(self) -> Sequence[Mapping[str, Any]]:
        """The events of all posts, in the order of their arrival."""
        return [event for post in self.posts for event in json.loads(post.body)]

    async def take(self, request: web.Request) -> web.Response:
        post = Post(
            path=request.path,
            query=dict(request.query),
            headers=request.headers,
            body=await request.read(),
        )
        self.posts.append(post)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)


@asynccontextmanager
async def open_sink() -> AsyncIterator[Sink]:
    """A web server on loopback that takes every POST."""
    sink = Sink()
    app = web.Application()
    app.router.add_post("/{rest:.*}", sink.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sink.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield sink
    await runner.cleanup()
