"""What the doctor says of a lake in object storage, before a night finds out."""

from __future__ import annotations

from pathlib import Path

import pytest
from s3fs import S3FileSystem

from edge_server import an_installation
from object_storage import Bucket
from perennial.operations import setting_checks
from perennial.operations.findings import Level
from perennial.operations.storage_checks import lake_checks, ledger_checks
from services import free_port


def test_a_lake_that_can_be_written_is_well_and_left_as_it_was(
    bucket: Bucket, tmp_path: Path
) -> None:
    with an_installation(tmp_path, lake=bucket.url) as perennial:
        perennial.ledger.check_writable()
        found = [*lake_checks(perennial), *ledger_checks(perennial)]

        assert {finding.level for finding in found} == {Level.OK}
        assert bucket.keys() == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s3://nobody-made-this/lake", "does not know it, or its bucket"),
        ("sftp://files.example/lake", "no URL of object storage"),
        ("gs://bucket/lake", "needs a package that is not installed"),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_a_lake_that_cannot_be_is_told_with_its_cure(tmp_path: Path, url: str, says: str) -> None:
    with an_installation(tmp_path, lake=url) as perennial:
        (finding,) = lake_checks(perennial)

    assert (finding.check, finding.level) == ("lake.writable", Level.FAIL)
    assert says in finding.says
    assert "In object storage: see that bucket and server" in finding.cure


def test_a_store_that_does_not_answer_is_told_and_so_is_the_fence(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    S3FileSystem.clear_instance_cache()
    with an_installation(tmp_path, lake=bucket.url) as perennial:
        perennial.ledger.check_writable()
        found = {f.check: f for f in (*lake_checks(perennial), *ledger_checks(perennial))}
    S3FileSystem.clear_instance_cache()

    for check in ("lake.writable", "ledger.fence"):
        assert found[check].level is Level.FAIL
        assert "object storage says: EndpointConnectionError" in found[check].says


@pytest.mark.parametrize(
    ("server", "level"),
    [
        ("http://minio.example:9000", Level.WARN),
        ("https://minio.example", Level.OK),
        ("http://127.0.0.1:9000", Level.OK),
    ],
)
def test_a_server_that_is_asked_in_the_clear_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, level: Level
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    with an_installation(tmp_path, lake="s3://bucket/lake") as perennial:
        assert setting_checks.certificate_finding(perennial.settings).level is level
