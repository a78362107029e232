"""What an installation needs to know, read once from the environment into a frozen object.

Every variable starts with PERENNIAL_. Secrets are masked in reprs and have no default outside the demo profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from perennial.errors import SettingsError
from perennial.model.words import Channel
from perennial.profiles import TEST_SENDER, Profile, fault_of_host

PROJECT = Path(__file__).resolve().parents[2]
_DEMO_SECRET = "demo-only-secret"  # noqa: S105 - refused by every profile but the demo


class Clock(StrEnum):
    """Where `now` comes from."""

    WALL = "wall"
    SIMULATED = "simulated"


class LogFormat(StrEnum):
    """How the web app writes its log."""

    TEXT = "text"
    JSON = "json"


class Transport(StrEnum):
    """Which adapter carries messages of a channel."""

    NONE = "none"
    MAILBOX = "mailbox"
    SMTP = "smtp"
    SENDGRID = "sendgrid"
    TWILIO = "twilio"


class EngineName(StrEnum):
    """What works out features and audiences."""

    DUCKDB = "duckdb"
    SPARK = "spark"


class Settings(BaseSettings):
    """The installation; see docs/reference/settings.md."""

    # A variable that is set to nothing counts as not set: so do compose files and shells write a default.
    model_config = SettingsConfigDict(
        env_prefix="PERENNIAL_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    profile: Profile = Field(Profile.DEMO, description="demo, staging or production.")
    home: Path = Field(
        PROJECT / ".perennial",
        description="Folder for everything that is written when nothing else is said.",
    )
    project: Path = Field(
        PROJECT,
        description="Folder with campaigns/, templates/, expectations/, shop.yaml and policy.yaml.",
    )
    source_url: SecretStr | None = Field(None, description="SQLAlchemy URL of the shop's database.")
    source_connection: str | None = Field(
        None,
        description="Airflow connection of the shop's database, in place of source_url; of type http, with the key of"
        " its API as login and password.",
    )
    source_api_key: SecretStr | None = Field(
        None,
        description="Key of the shop's API: WooCommerce's consumer key, or the client id of an app at Shopify.",
    )
    source_api_secret: SecretStr | None = Field(
        None,
        description="Its secret: Ecwid's secret token, WooCommerce's consumer secret, Shopify's access token or client"
        " secret.",
    )
    lake: Annotated[str, BeforeValidator(str)] | None = Field(
        None,
        description="Folder of the lake, or its URL in object storage, such as s3://bucket/prefix; default: home/lake.",
    )
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
    edge_metrics: bool = Field(
        default=False, description="The web app shows /metrics to everybody who reaches it."
    )
    edge_proxy_header: str | None = Field(
        None,
        description="Header in which your proxy says who asks, such as X-Forwarded-For; its last entry is believed."
        " Without a proxy that always sets it, leave it out: anybody could say anything.",
    )
    log_format: LogFormat = Field(
        LogFormat.TEXT,
        description="How the web app writes its log: text, or json, an object a line.",
    )
    click_links: bool = Field(
        default=False,
        description="Links to products in emails lead by way of the web app, which notes who followed them."
        " SendGrid does so itself.",
    )
    clock: Clock = Field(
        Clock.WALL,
        description="wall, or simulated: a day's waves leave one after another without waiting.",
    )
    email_transport: Transport | None = Field(
        None, description="mailbox, smtp, sendgrid or none; default: mailbox, in production none."
    )
    sms_transport: Transport | None = Field(
        None, description="mailbox, twilio or none; default: mailbox, in production none."
    )
    whatsapp_transport: Transport | None = Field(
        None, description="mailbox, twilio or none; default: mailbox, in production none."
    )
    mailbox: Path | None = Field(
        None, description="Folder of the mailbox transport; default: home/mailbox."
    )
    smtp_host: str = Field("localhost", description="SMTP server.")
    smtp_port: int = Field(25, description="Its port.")
    smtp_user: str | None = Field(None, description="Its user.")
    smtp_password: SecretStr | None = Field(None, description="Its password.")
    smtp_starttls: bool = Field(default=True, description="Ask for TLS after connecting.")
    sendgrid_api_key: SecretStr | None = Field(None, description="SendGrid's API key.")
    sendgrid_connection: str | None = Field(
        None,
        description="Airflow connection with SendGrid's API key as its password, in place of sendgrid_api_key.",
    )
    sendgrid_host: str = Field(
        "https://api.sendgrid.com",
        description="SendGrid; https://api.eu.sendgrid.com for data that stays in the EU.",
    )
    sendgrid_sandbox: bool = Field(
        default=False, description="SendGrid checks every email and sends none."
    )
    sendgrid_asm_group: int | None = Field(None, description="SendGrid's unsubscribe group.")
    sendgrid_batch: int = Field(
        200, ge=1, le=1_000, description="Emails in a request to SendGrid; 1 sends each alone."
    )
    sendgrid_rate: float | None = Field(
        None, gt=0, description="Requests to SendGrid a second, over all workers."
    )
    sendgrid_concurrency: int | None = Field(
        None,
        ge=1,
        description="Batches at once to SendGrid, over all workers; default: 8, and with each email alone 2 of 50.",
    )
    sendgrid_email_activity: bool = Field(
        default=False,
        description="Doubts are asked about in SendGrid's Email Activity, which costs extra.",
    )
    sendgrid_webhook_key: str | None = Field(
        None,
        description="Verification key of SendGrid's Event Webhook; two with a comma while it changes.",
    )
    team_webhook: SecretStr | None = Field(
        None,
        description="Address to which a customer's low score is posted as JSON at once: a chat or a help desk.",
    )
    alert_webhook: SecretStr | None = Field(
        None,
        description="Address at which operators are told of failed tasks and bad figures: Slack's incoming webhook, or"
        " whatever takes its posts.",
    )
    alert_emails: str | None = Field(
        None,
        description="Email addresses that are told the same, with commas, by Airflow's connection smtp_default.",
    )
    twilio_account_sid: str | None = Field(None, description="Twilio's account.")
    twilio_auth_token: SecretStr | None = Field(None, description="Its auth token.")
    twilio_connection: str | None = Field(
        None,
        description="Airflow connection with Twilio's account as its login and the token as its password.",
    )
    twilio_old_auth_token: SecretStr | None = Field(
        None, description="The auth token before, while callbacks may still be signed with it."
    )
    twilio_host: str = Field("https://api.twilio.com", description="Twilio.")
    twilio_messaging_service: str | None = Field(
        None, description="Messaging Service that text messages leave from."
    )
    twilio_from: str | None = Field(
        None, description="Number or name that text messages leave from, without a service."
    )
    twilio_whatsapp_from: str | None = Field(
        None,
        description="Number that WhatsApp messages leave from; without it, the Messaging Service chooses.",
    )
    twilio_concurrency: int = Field(
        100,
        ge=1,
        description="Requests at once to Twilio for a channel, over all workers; 20429 says that they are too many.",
    )
    twilio_rate: float | None = Field(
        None,
        gt=0,
        description="Segments of text messages a second, over all workers; without it, Twilio queues them.",
    )
    twilio_whatsapp_rate: float | None = Field(
        None,
        gt=0,
        description="WhatsApp messages a second, over all workers; without it, Twilio queues them.",
    )
    twilio_redact: bool = Field(
        default=False,
        description="Twilio keeps neither text nor number; the account needs Message Redaction.",
    )
    shards: int = Field(2, ge=1, le=64, description="Dispatch tasks a campaign is divided into.")
    lease_seconds: int = Field(
        300, ge=1, description="How long a claim is held without a sign of life."
    )
    doubt_minutes: int = Field(
        30,
        ge=1,
        description="Minutes after which SendGrid's silence about an email, while it reports on others, says that it"
        " was never taken on.",
    )
    release_hours: int = Field(
        12,
        ge=1,
        le=22,
        description="Hours that a stopped night waits for somebody to release it; then nothing of it is published.",
    )
    approve_above: int | None = Field(
        None,
        ge=0,
        description="A plan with more messages than this waits for a person's approval, whatever its campaign says; 0"
        " asks whenever there is a message. Without it, campaigns decide.",
    )
    test_recipients: str | None = Field(
        None,
        description="Where tests of messages may go: domains, addresses and numbers, with commas; without it, to the"
        " domain of the shop's from_address.",
    )
    release_by: str | None = Field(
        None,
        description="Airflow users, with commas, who alone may release a stopped night; without it, all who may run"
        " `nightly`.",
    )
    studio_read_only: bool = Field(
        default=False,
        description="The Studio changes no campaign and no words: it checks them, and hands out patches for pull"
        " requests.",
    )
    memory_limit: str = Field(
        "1500MB", description="DuckDB's memory; a process takes a quarter of a gigabyte more."
    )
    threads: int = Field(2, ge=1, description="DuckDB's threads.")
    snapshot_every: int = Field(
        7,
        ge=1,
        description="After so many nights, all that is known is written into one file a dataset, which later nights and"
        " the Studio read instead of every night's.",
    )
    engine: EngineName = Field(
        EngineName.DUCKDB,
        description="What works out features and audiences: duckdb on this machine, or spark on many.",
    )
    spark_master: str = Field(
        "local[2]", description="Where Spark runs: local[2], spark://…, yarn or k8s://…."
    )
    spark_options: dict[str, str] = Field(
        {},
        description='Spark\'s options by their names there, as JSON: {"spark.executor.memory": "4g"}.',
    )
    spark_connection: str | None = Field(
        None,
        description="Airflow connection with Spark's master as its host and port and Spark's options in its extra, in"
        " place of spark_master.",
    )

    @model_validator(mode="after")
    def _refuse_what_is_not_safe(self) -> Self:
        wrong = [
            *self._unsafe(),
            *self._missing(),
            *self._broken_keys(),
            *self._wrong_hosts(),
            *self._out_of_reach(),
        ]
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    def _unsafe(self) -> Iterator[str]:
        if self.profile is not Profile.DEMO and len(self.secret.get_secret_value()) < 32:
            yield "secret: PERENNIAL_SECRET must be set to 32 or more random characters outside the demo profile"
        if self.profile is not Profile.PRODUCTION:
            return
        if self.clock is not Clock.WALL:
            yield "clock: the production profile knows only the wall clock"
        mailboxes = [c for c in Channel if self.transport_of(c) is Transport.MAILBOX]
        if mailboxes:
            names = ", ".join(f"{channel}_transport" for channel in mailboxes)
            yield f"{names}: the production profile does not write to a mailbox folder; give a transport, or none"

    def _missing(self) -> Iterator[str]:
        """What the chosen transports cannot do without."""
        account: dict[str, object] = {
            "twilio_account_sid": self.twilio_account_sid or self.twilio_connection,
            "twilio_auth_token": _filled(self.twilio_auth_token) or self.twilio_connection,
        }
        service = self.twilio_messaging_service
        needed: dict[tuple[Transport, Channel], dict[str, object]] = {
            (Transport.SENDGRID, Channel.EMAIL): {
                "sendgrid_api_key": _filled(self.sendgrid_api_key) or self.sendgrid_connection
            },
            (Transport.TWILIO, Channel.SMS): account
            | {"twilio_messaging_service or twilio_from": service or self.twilio_from},
            (Transport.TWILIO, Channel.WHATSAPP): account
            | {
                "twilio_whatsapp_from or twilio_messaging_service": self.twilio_whatsapp_from
                or service
            },
        }
        for channel in Channel:
            transport = self.transport_of(channel)
            wanted = needed.get((transport, channel), {})
            missing = [name for name, value in wanted.items() if not value]
            if missing:
                yield f"{', '.join(missing)}: the transport {transport} needs it for {channel}"

    def _broken_keys(self) -> Iterator[str]:
        """A key that was pasted with its line break does not fit into a header."""
        for name in _KEYS:
            secret = getattr(self, name)
            if secret is not None and re.search(r"[^!-~]", secret.get_secret_value()):
                yield f"{name}: there is a space, a line break or another sign in it that no key has"

    def _wrong_hosts(self) -> Iterator[str]:
        """Keys go over TLS only, and no trial reaches real people."""
        test_number = self.twilio_from == TEST_SENDER and not self.twilio_messaging_service
        checked = {
            Channel.EMAIL: (Transport.SENDGRID, self.sendgrid_host, self.sendgrid_sandbox),
            Channel.SMS: (Transport.TWILIO, self.twilio_host, test_number),
            # Twilio's test credentials know nothing of WhatsApp.
            Channel.WHATSAPP: (Transport.TWILIO, self.twilio_host, False),
        }
        yield from dict.fromkeys(
            f"{transport}_host: {fault}"
            for channel, (transport, host, harmless) in checked.items()
            if self.transport_of(channel) is transport and not self._waits_for(transport)
            if (fault := fault_of_host(host, self.profile, harmless=harmless))
        )

    def _out_of_reach(self) -> Iterator[str]:
        """What cannot read a lake in object storage."""
        if self.lake_url and self.engine is EngineName.SPARK:
            yield (
                "lake: PERENNIAL_ENGINE=spark reads a lake in a folder that every machine of the cluster sees, none in"
                " object storage; mount the bucket there, or leave the engine to duckdb"
            )

    def _waits_for(self, transport: Transport) -> bool:
        """Without a key nobody is written to; the connection that brings it may bring the host, and is checked then."""
        if transport is Transport.SENDGRID:
            return bool(self.sendgrid_connection) and not _filled(self.sendgrid_api_key)
        return bool(self.twilio_connection) and not _filled(self.twilio_auth_token)

    def transport_of(self, channel: Channel) -> Transport:
        """What carries a channel. What nobody chose goes to the mailbox folder, in production nowhere."""
        chosen: Transport | None = getattr(self, f"{channel}_transport")
        production = self.profile is Profile.PRODUCTION
        return chosen or (Transport.NONE if production else Transport.MAILBOX)

    @property
    def release_wait(self) -> timedelta:
        """How long a stopped night waits for somebody to release it."""
        return timedelta(hours=self.release_hours)

    @property
    def releasers(self) -> list[str]:
        """The Airflow users who alone may release a stopped night; empty: all who may run it."""
        named = (self.release_by or "").split(",")
        return [name.strip() for name in named if name.strip()]

    @property
    def lake_url(self) -> str | None:
        """Where the lake lies in object storage; nothing when it lies in a folder."""
        return self.lake if self.lake and "://" in self.lake else None

    @property
    def lake_path(self) -> Path:
        """The lake's folder, or that of what sessions write beside a lake in object storage."""
        here = None if self.lake_url else self.lake
        return Path(here) if here else self.home / "lake"

    @property
    def mailbox_path(self) -> Path:
        return self.mailbox or self.home / "mailbox"

    @property
    def ledger(self) -> SecretStr:
        return self.ledger_url or SecretStr(f"sqlite:///{self.home / 'ledger.db'}")

    @property
    def source(self) -> SecretStr:
        return self.source_url or SecretStr(f"sqlite:///{self.home / 'shop.db'}")


_KEYS = (
    "sendgrid_api_key",
    "twilio_auth_token",
    "twilio_old_auth_token",
    "source_api_key",
    "source_api_secret",
)


def _filled(secret: SecretStr | None) -> bool:
    return secret is not None and bool(secret.get_secret_value())


def read_settings(**chosen: Any) -> Settings:  # noqa: ANN401 - checked like the environment
    """The settings of this process; what is chosen goes before the environment.

    Raises:
        SettingsError: names every variable that is wrong, and how.
    """
    try:
        return Settings(**chosen)
    except ValidationError as error:
        lines = [
            ": ".join((*map(str, e["loc"]), e["msg"].removeprefix("Value error, ")))
            for e in error.errors(include_input=False)
        ]
        raise SettingsError("\n".join(lines)) from None
