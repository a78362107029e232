"""Replacing an object only while it is the one that was read, as S3 does it: the put itself is refused, not asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem

from perennial.lake.object_reading import info_of, stamp_of
from perennial.lake.stores import ReplacedMeanwhile

_PART = 16 * 2**20
_REFUSED = "pre-conditions"


def put_if(fs: AbstractFileSystem, draft: Path, url: str, stamp: str) -> None:
    """Puts a file in place of the object that bears the stamp.

    Raises:
        ReplacedMeanwhile: the object is another one by now, or gone.
    """
    bucket, key, _ = fs.split_path(url)
    where, match = {"Bucket": bucket, "Key": key}, {"IfMatch": f'"{stamp}"'}
    try:
        if draft.stat().st_size <= _PART:
            fs.call_s3("put_object", **where, **match, Body=draft.read_bytes())
        else:
            _put_parts(fs, draft, where, match, lambda: _check(fs, url, stamp))
    except FileNotFoundError:
        raise ReplacedMeanwhile from None
    except OSError as error:
        if _REFUSED not in str(error):
            raise
        raise ReplacedMeanwhile from None


def _check(fs: AbstractFileSystem, url: str, stamp: str) -> None:
    if stamp_of(info_of(fs, url)) != stamp:
        raise ReplacedMeanwhile


def _put_parts(
    fs: AbstractFileSystem,
    draft: Path,
    where: dict[str, str],
    match: dict[str, str],
    check: Callable[[], None],
) -> None:
    upload = {**where, "UploadId": fs.call_s3("create_multipart_upload", **where)["UploadId"]}
    try:
        parts = [
            {"PartNumber": n, "ETag": _put_part(fs, upload, n, body)}
            for n, body in enumerate(_parts(draft), start=1)
        ]
        check()  # once more: some servers that speak S3 look at the condition in a single put only
        fs.call_s3("complete_multipart_upload", **upload, **match, MultipartUpload={"Parts": parts})
    except BaseException:
        fs.call_s3("abort_multipart_upload", **upload)
        raise


def _put_part(fs: AbstractFileSystem, upload: dict[str, str], number: int, body: bytes) -> Any:  # noqa: ANN401 - as S3 says it
    return fs.call_s3("upload_part", **upload, PartNumber=number, Body=body)["ETag"]


def _parts(draft: Path) -> Iterator[bytes]:
    with draft.open("rb") as file:
        while part := file.read(_PART):
            yield part
