"""A web server on this machine that plays a shop's API: it answers as told, remembers what it was asked, and stumbles."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True)
class Question:
    """One request."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What comes back: `data` as JSON or `text` as it stands; `cut` ends it after so many bytes, `stall` waits first."""

    status: int = 200
    data: Any = None
    text: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: float = 0


Play = Callable[[Question], Reply]


class ShopServer:
    """Faults are played first, one a request, then `play`."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.faults: deque[Reply | None] = deque()
        self.asked: list[Question] = []
        self.url = ""

    def answer(self, question: Question) -> Reply:
        self.asked.append(question)
        fault = self.faults.popleft() if self.faults else None
        return fault or self.play(question)

    def paths(self) -> list[str]:
        return [q.path for q in self.asked]


@contextmanager
def shop_server(play: Play) -> Iterator[ShopServer]:
    server = ShopServer(play)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._answer(json.loads(self.rfile.read(length) or b"null"))

        def _answer(self, body: object) -> None:
            parts = urlsplit(self.path)
            question = Question(
                method=self.command,
                path=parts.path,
                params=dict(parse_qsl(parts.query)),
                headers=dict(self.headers.items()),
                body=body,
            )
            reply = server.answer(question)
            time.sleep(reply.stall)
            said = reply.text if reply.text is not None else json.dumps(reply.data)
            sent = said.encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked has gone
                self.wfile.write(sent[: reply.cut])
            self.close_connection = reply.cut is not None

        def log_message(self, *_: object) -> None:
            """Nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{listener.server_address[1]}"
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
