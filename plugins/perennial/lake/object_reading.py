"""Objects as files: what DuckDB and Arrow read of them, range by range, and always of one version of the object."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from fsspec import AbstractFileSystem

from perennial.errors import LakeError, PerennialError
from perennial.lake.stores import ReplacedMeanwhile

# Most partitions of a day are smaller: read in one request, and not again while they are the same.
_SMALL = 4 * 2**20
_REMEMBERED = 64 * 2**20


@contextmanager
def explained_by_store(head: str, *, missing: bool = False) -> Iterator[None]:
    """Turns what a store's client raises into our own errors; that something is not there only if `missing`.

    Raises:
        LakeError: `head`, and what the store says.
    """
    try:
        yield
    except (PerennialError, ReplacedMeanwhile):
        raise
    except FileNotFoundError as error:
        if not missing:
            raise
        msg = f"{head}: the object storage does not know it, or its bucket."
        raise LakeError(msg) from error
    except Exception as error:
        msg = f"{head}: the object storage says: {_words(error)}"
        raise LakeError(msg) from error


def _words(error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error)
    return f"{type(error).__name__}, {' '.join(said.split())[:300]}"


def stamp_of(info: Any) -> str:  # noqa: ANN401 - each store's own dictionary
    """What tells one version of an object from another: its ETag, or what comes nearest."""
    for tag in ("ETag", "etag"):
        if info.get(tag):
            return str(info[tag]).strip('"')
    when = next(
        (info[k] for k in ("mtime", "last_modified", "updated", "created") if k in info), ""
    )
    return f"{info['size']} {when}"


def info_of(fs: AbstractFileSystem, url: str) -> Any:  # noqa: ANN401 - each store's own dictionary
    """What is known of an object, in one request: s3fs would look for a folder of that name, too.

    Raises:
        FileNotFoundError: there is no such object.
    """
    if not hasattr(fs, "call_s3"):
        return fs.info(url)
    bucket, key, _ = fs.split_path(url)
    head = fs.call_s3("head_object", Bucket=bucket, Key=key)
    return {**head, "size": head["ContentLength"]}


class Remembered:
    """The bytes of small objects that were read lately, each of one version; as many as fit into 64 MB."""

    def __init__(self) -> None:
        self._bytes: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str]) -> bytes | None:
        with self._lock:
            if key in self._bytes:
                self._bytes.move_to_end(key)
            return self._bytes.get(key)

    def put(self, key: tuple[str, str], content: bytes) -> None:
        with self._lock:
            if key in self._bytes:
                return
            self._bytes[key] = content
            self._size += len(content)
            while self._size > _REMEMBERED:
                self._size -= len(self._bytes.popitem(last=False)[1])


class ObjectReader(io.RawIOBase):
    """One version of an object, to be read from any place. When it is replaced meanwhile, reading on is an error.

    Raises:
        FileNotFoundError: there is no such object.
    """

    def __init__(self, fs: AbstractFileSystem, url: str, remembered: Remembered) -> None:
        super().__init__()
        self._url, self._remembered = url, remembered
        with explained_by_store(url):
            # It reads what is asked for, no more, and says with each request which version it wants.
            self._object = fs.open(url, "rb", cache_type="none")
        info = self._object.details
        self.size = int(info["size"])
        self.modified = info.get("LastModified") or info.get("mtime")
        self._key = (url, stamp_of(info))
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - whatever has room for bytes
        content = self._range(self._at, min(self.size, self._at + len(buffer)))
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def readall(self) -> bytes:
        """Everything from here on in one request: by itself, Python would ask for 8 KB at a time."""
        content = self._range(self._at, self.size)
        self._at += len(content)
        return content

    def _range(self, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        if self.size > _SMALL:
            return self._fetch(start, end)
        whole = self._remembered.get(self._key)
        if whole is None:
            whole = self._fetch(0, self.size)
            self._remembered.put(self._key, whole)
        return whole[start:end]

    def _fetch(self, start: int, end: int) -> bytes:
        with explained_by_store(f"{self._url} cannot be read on", missing=True):
            self._object.seek(start)
            content = bytes(self._object.read(end - start))
        if len(content) != end - start:
            msg = f"{self._url} cannot be read on: it was replaced meanwhile. Run this again."
            raise LakeError(msg)
        return content


class ObjectFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """What DuckDB asks of a file system, with one request to find an object where fsspec's own would need eight."""

    cachable = False

    def __init__(self, fs: AbstractFileSystem, remembered: Remembered) -> None:
        super().__init__()
        self.protocol = fs.protocol
        self._fs, self._remembered = fs, remembered
        self._opened: dict[str, tuple[int, datetime | None]] = {}

    def glob(self, path: str, **_: object) -> list[str]:
        """The lake names its files one by one, so there is nothing to find."""
        return [path]

    def open(self, path: str, mode: str = "rb", **_: object) -> ObjectReader:
        if mode != "rb":
            msg = f"{path} is only read: partitions are published by Lake.publishing."
            raise LakeError(msg)
        try:
            reader = ObjectReader(self._fs, path, self._remembered)
        except FileNotFoundError:
            msg = f"{path} is not there."
            raise LakeError(msg) from None
        self._opened[path] = reader.size, reader.modified
        return reader

    def size(self, path: str) -> int:
        """That of the version which was opened last: DuckDB asks right after it has opened a file."""
        return self._opened[path][0]

    def modified(self, path: str) -> datetime:
        """When that version was put; now where the store does not say, so that DuckDB keeps nothing of it."""
        return self._opened[path][1] or datetime.now(UTC)
