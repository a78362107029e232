"""Settings are refused together, with what to do, and never show a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.errors import SettingsError
from perennial.profiles import Profile
from perennial.settings import Settings, read_settings

LONG = "x" * 32


def test_the_demo_needs_no_settings() -> None:
    settings = read_settings()

    assert settings.profile is Profile.DEMO
    assert settings.lake_path == settings.home / "lake"


def test_a_lake_lies_in_a_folder_or_at_a_url(tmp_path: Path) -> None:
    folder = read_settings(home=tmp_path, lake=tmp_path / "lake-of-ours")
    away = read_settings(home=tmp_path, lake="s3://bucket/prefix")

    assert (folder.lake_url, folder.lake_path) == (None, tmp_path / "lake-of-ours")
    assert (away.lake_url, away.lake_path) == ("s3://bucket/prefix", tmp_path / "lake")


def test_spark_is_refused_a_lake_that_its_workers_cannot_read() -> None:
    with pytest.raises(SettingsError, match="PERENNIAL_ENGINE=spark reads a lake in a folder"):
        read_settings(lake="s3://bucket/prefix", engine="spark")


def test_every_wrong_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_SHARDS", "none")
    monkeypatch.setenv("PERENNIAL_CLOCK", "cuckoo")

    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert "shards" in str(refused.value)
    assert "clock" in str(refused.value)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"PROFILE": "staging"}, "PERENNIAL_SECRET"),
        ({"PROFILE": "production", "SECRET": "short"}, "PERENNIAL_SECRET"),
        ({"PROFILE": "production", "SECRET": LONG, "CLOCK": "simulated"}, "wall clock"),
        ({"PROFILE": "production", "SECRET": LONG, "SMS_TRANSPORT": "mailbox"}, "sms_transport"),
    ],
)
def test_an_unsafe_installation_is_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], named: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"PERENNIAL_{name}", value)

    with pytest.raises(SettingsError, match=named):
        read_settings()


def test_secrets_are_masked_wherever_settings_are_printed(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        secret="the-secret-key",
        source_url="postgresql://me:the-password@db/shop",
        ledger_url="postgresql://me:the-password@db/ledger",
        smtp_password="the-password",
    )

    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert "the-secret-key" not in text
        assert "the-password" not in text


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)

    with pytest.raises(ValueError, match="frozen"):
        settings.shards = 3
