"""Runs the web app: one process, until it is told to end."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from perennial.edge.app import make_app
from perennial.errors import SettingsError
from perennial.operations.json_logs import write_logs
from perennial.steps.services import Perennial

# Further connections are answered 503, and the providers come back.
_MOST_CONNECTIONS = 1_000
_SECONDS_TO_FINISH = 20


def serve(perennial: Perennial, *, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serves until SIGINT or SIGTERM; what has come in by then is still applied and answered.

    `announce` is told the address as soon as it answers.

    Raises:
        SettingsError: the address cannot be listened on, or a key is wrong.
    """
    app = make_app(perennial)
    with _listening(host, port) as listener:
        write_logs(perennial.settings.log_format)
        # The server raises the signal again when it has ended; by then everything is done.
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: None)
        announce(_address(listener))
        server_of(app).run(sockets=[listener])


@contextmanager
def edge_thread(perennial: Perennial, listener: socket.socket) -> Iterator[None]:
    """Serves in a thread of its own for the time of a block; what has come in by its end is still answered."""
    server = server_of(make_app(perennial))
    # Whoever runs it beside something else is not told that it starts and ends.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="edge", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def server_of(app: Starlette) -> uvicorn.Server:
    """The server, which writes no access log: addresses of posts hold message keys."""
    # Not even when somebody else gives this log a handler.
    logging.getLogger("uvicorn.access").disabled = True
    return uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            server_header=False,
            # Whoever asks is who is connected: headers that say something else could come from anybody.
            proxy_headers=False,
            ws="none",
            lifespan="on",
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
    )


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        msg = f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another with --port or --host."
        raise SettingsError(msg) from None


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
