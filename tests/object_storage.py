"""An S3-compatible server for tests, on loopback: moto's, which answers as S3 does and keeps everything in memory."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from services import free_port

if TYPE_CHECKING:
    from perennial.lake.partitions import Lake

_NAMES = count(1)
_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True, kw_only=True)
class ObjectServer:
    """A server, and the process that it is."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def environment(self) -> dict[str, str]:
        """What S3's clients find the server by."""
        url = f"http://127.0.0.1:{self.port}"
        return {**_KEYS, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": url}

    def make_bucket(self) -> Bucket:
        """A bucket of its own for a test."""
        bucket = Bucket(server=self, name=f"lake-{os.getpid()}-{next(_NAMES)}")
        bucket.client.create_bucket(Bucket=bucket.name)
        return bucket


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket, seen past Perennial."""

    server: ObjectServer
    name: str

    @property
    def url(self) -> str:
        """A lake in it, below a prefix as people have one."""
        return f"s3://{self.name}/shops/ours"

    @property
    def client(self) -> Any:
        """S3's own client."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.server.environment["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id=_KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=_KEYS["AWS_SECRET_ACCESS_KEY"],
        )

    def keys(self) -> list[str]:
        """All that lies in it."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def uploads(self) -> list[str]:
        """The keys of what somebody has begun to put in parts, and not finished."""
        found = self.client.list_multipart_uploads(Bucket=self.name)
        return [upload["Key"] for upload in found.get("Uploads", [])]

    def lake(self, scratch: Path) -> Lake:
        """A lake in it; the environment must be that of the server."""
        from perennial.lake.object_store import ObjectStore
        from perennial.lake.partitions import Lake

        return Lake(ObjectStore(self.url, scratch))


@contextlib.contextmanager
def running_object_server() -> Iterator[ObjectServer]:
    """A server that forgets everything when the block ends."""
    port = free_port()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=log,
            stderr=log,
        )
        try:
            _wait_until_it_answers(port, process)
            yield ObjectServer(port=port, process=process)
        finally:
            process.kill()
            process.wait()


class StallingProxy:
    """Passes on to a server what clients say until they have said so many bytes; then it holds still."""

    def __init__(self, server: ObjectServer, *, stalls_after: int) -> None:
        self._to, self._left = server.port, stalls_after
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.stalled = threading.Event()

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listener, *self._sockets):
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                self._sockets += (client, server)
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := client.recv(65_536):
                with self._lock:
                    self._left -= len(chunk)
                    if self._left < 0:
                        self.stalled.set()
                if not self.stalled.is_set():
                    server.sendall(chunk)
            # The client is gone.
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := server.recv(65_536):
                client.sendall(chunk)


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/").close()
            return
        time.sleep(0.1)
    msg = f"The object server ended with {process.returncode}."
    raise RuntimeError(msg)
