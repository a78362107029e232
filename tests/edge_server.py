"""The web app of an installation, answering on loopback in a thread, and an installation for it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perennial.edge.app import make_app
from perennial.edge.serving import server_of
from perennial.settings import Settings
from perennial.steps.services import Perennial, services

PUBLIC = "https://shop.example"


@contextmanager
def an_installation(home: Path, **changes: object) -> Iterator[Perennial]:
    """A demo installation whose ledger lies in `home`."""
    with services(Settings(home=home, **{"edge_url": PUBLIC} | changes)) as perennial:  # type: ignore[arg-type]
        yield perennial


@contextmanager
def edge_thread(perennial: Perennial) -> Iterator[str]:
    """Where the web app answers."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    server = server_of(make_app(perennial))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="edge")
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
