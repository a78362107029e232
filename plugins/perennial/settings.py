"""What an installation needs to know, read once from the environment into a frozen object.

Every variable starts with PERENNIAL_. Secrets are masked in reprs and have no default outside the demo profile.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from perennial.errors import SettingsError

PROJECT = Path(__file__).resolve().parents[2]
_DEMO_SECRET = "demo-only-secret"  # noqa: S105 - refused by every profile but the demo


class Profile(StrEnum):
    """What kind of installation this is."""

    DEMO = "demo"
    STAGING = "staging"
    PRODUCTION = "production"


class Clock(StrEnum):
    """Where `now` comes from."""

    WALL = "wall"
    SIMULATED = "simulated"


class Transport(StrEnum):
    """Which adapter carries messages."""

    MAILBOX = "mailbox"
    SMTP = "smtp"


class Settings(BaseSettings):
    """The installation; see docs/reference/settings.md."""

    model_config = SettingsConfigDict(env_prefix="PERENNIAL_", frozen=True, extra="ignore")

    profile: Profile = Field(Profile.DEMO, description="demo, staging or production.")
    home: Path = Field(
        PROJECT / ".perennial",
        description="Folder for everything that is written when nothing else is said.",
    )
    project: Path = Field(
        PROJECT, description="Folder with campaigns/, templates/, expectations/ and shop.yaml."
    )
    source_url: SecretStr | None = Field(None, description="SQLAlchemy URL of the shop's database.")
    source_connection: str | None = Field(
        None, description="Airflow connection of the shop's database, in place of source_url."
    )
    lake: Path | None = Field(None, description="Folder of the lake; default: home/lake.")
    ledger_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL of the ledger; default: SQLite in home."
    )
    secret: SecretStr = Field(
        SecretStr(_DEMO_SECRET),
        description="Key for address hashes, coupon codes and links. 32 characters or more.",
    )
    edge_url: str = Field(
        "https://shop.example",
        description="Public address of the web app behind the links in messages.",
    )
    clock: Clock = Field(
        Clock.WALL,
        description="wall, or simulated: a day's waves leave one after another without waiting.",
    )
    email_transport: Transport = Field(Transport.MAILBOX, description="mailbox or smtp.")
    sms_transport: Transport = Field(Transport.MAILBOX, description="mailbox.")
    mailbox: Path | None = Field(
        None, description="Folder of the mailbox transport; default: home/mailbox."
    )
    smtp_host: str = Field("localhost", description="SMTP server.")
    smtp_port: int = Field(25, description="Its port.")
    smtp_user: str | None = Field(None, description="Its user.")
    smtp_password: SecretStr | None = Field(None, description="Its password.")
    smtp_starttls: bool = Field(default=True, description="Ask for TLS after connecting.")
    shards: int = Field(2, ge=1, le=64, description="Dispatch tasks a campaign is divided into.")
    lease_seconds: int = Field(
        300, ge=1, description="How long a claim is held without a sign of life."
    )
    memory_limit: str = Field("2GB", description="DuckDB's memory.")
    threads: int = Field(2, ge=1, description="DuckDB's threads.")

    @model_validator(mode="after")
    def _refuse_what_is_not_safe(self) -> Self:
        if self.profile is not Profile.DEMO and len(self.secret.get_secret_value()) < 32:
            msg = "secret: PERENNIAL_SECRET must be set to 32 or more random characters outside the demo profile"
            raise ValueError(msg)
        if self.profile is Profile.PRODUCTION and self.clock is not Clock.WALL:
            msg = "clock: the production profile knows only the wall clock"
            raise ValueError(msg)
        if self.profile is Profile.PRODUCTION and Transport.MAILBOX in (
            self.email_transport,
            self.sms_transport,
        ):
            msg = "email_transport, sms_transport: the production profile does not write to a mailbox folder"
            raise ValueError(msg)
        return self

    @property
    def lake_path(self) -> Path:
        return self.lake or self.home / "lake"

    @property
    def mailbox_path(self) -> Path:
        return self.mailbox or self.home / "mailbox"

    @property
    def ledger(self) -> SecretStr:
        return self.ledger_url or SecretStr(f"sqlite:///{self.home / 'ledger.db'}")

    @property
    def source(self) -> SecretStr:
        return self.source_url or SecretStr(f"sqlite:///{self.home / 'shop.db'}")


def read_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: names every variable that is wrong, and how.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}"
            for e in error.errors(include_input=False)
        ]
        raise SettingsError("\n".join(lines)) from None
