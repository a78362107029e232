"""Puts an installation together: the only place that chooses adapters, each when it is first needed."""

from __future__ import annotations

from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import SecretStr

from perennial.errors import CampaignError, SettingsError
from perennial.settings import EngineName, Settings, Transport

if TYPE_CHECKING:
    from perennial.campaigns.definition import Campaign
    from perennial.delivery.provider import Provider
    from perennial.delivery.smtp import SmtpServer
    from perennial.lake.duck import Engine
    from perennial.lake.engines import LakeEngine
    from perennial.lake.partitions import Lake
    from perennial.lake.spark.engine import SparkEngine
    from perennial.ledger.store import Ledger
    from perennial.messages.templates import Templates
    from perennial.model.policy import Policy
    from perennial.model.shop import Shop
    from perennial.model.words import Channel
    from perennial.sources.opening import ShopSource


class Installation:
    """The parts of one installation."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.simulated_now: datetime | None = None
        # What has not changed since these were compiled is not compiled again.
        self.compiled_before: Templates | None = None

    @cached_property
    def shop(self) -> Shop:
        from perennial.sources.shop_file import read_shop

        return read_shop(self.settings.project / "shop.yaml")

    @cached_property
    def policy(self) -> Policy:
        from perennial.campaigns.policy_file import read_policy

        campaigns = self.settings.project / "campaigns"
        names = [path.stem for path in campaigns.glob("*.yaml")]
        return read_policy(self.settings.project / "policy.yaml", campaigns=names)

    @property
    def campaigns(self) -> tuple[Campaign, ...]:
        """Every campaign that can be read."""
        return self._campaign_files[0]

    @cached_property
    def _campaign_files(self) -> tuple[tuple[Campaign, ...], dict[str, CampaignError]]:
        from perennial.campaigns.reading import load_sound_campaigns

        return load_sound_campaigns(self.settings.project / "campaigns")

    @cached_property
    def templates(self) -> Templates:
        from perennial.messages.templates import load_templates

        return load_templates(self.settings.project / "templates", self.shop, self.compiled_before)

    @property
    def compiled(self) -> Templates | None:
        """The templates, if they have been read, or those of before."""
        return self.__dict__.get("templates", self.compiled_before)

    @cached_property
    def engine(self) -> Engine:
        from perennial.lake.duck import Engine

        self.settings.lake_path.mkdir(parents=True, exist_ok=True)
        return Engine(
            self.lake, memory_limit=self.settings.memory_limit, threads=self.settings.threads
        )

    @cached_property
    def lake(self) -> Lake:
        """Where the lake lies, without an engine over it."""
        from perennial.lake.partitions import Lake

        folder = self.settings.lake_path
        if url := self.settings.lake_url:
            from perennial.lake.object_store import ObjectStore

            return Lake(ObjectStore(url, folder))
        return Lake(folder)

    @property
    def audience_engine(self) -> LakeEngine:
        """What works out features and audiences; everything else is DuckDB's."""
        return self.spark if self.settings.engine is EngineName.SPARK else self.engine

    @cached_property
    def spark(self) -> SparkEngine:
        from perennial.lake.spark.engine import SparkEngine
        from perennial.lake.spark.session import Cluster

        cluster = Cluster(master=self.settings.spark_master, options=self.settings.spark_options)
        return SparkEngine(self.engine, cluster)

    @cached_property
    def ledger(self) -> Ledger:
        from perennial.ledger.store import Ledger

        self.settings.home.mkdir(parents=True, exist_ok=True)
        ledger = Ledger(self.settings.ledger)
        ledger.migrate()
        return ledger

    @cached_property
    def source(self) -> ShopSource:
        from perennial.sources.http.api_key import ApiKey
        from perennial.sources.opening import open_source
        from perennial.sources.source_map import read_source_map

        project = self.settings.project
        source_map = read_source_map(project / "shop.yaml")
        scratch = self.settings.lake_path / ".spill"
        key = ApiKey(key=self.settings.source_api_key, secret=self.settings.source_api_secret)
        return open_source(
            source_map, self.settings.source, folder=project, scratch=scratch, key=key
        )

    def providers(self) -> dict[Channel, Provider]:
        """Fresh adapters for the channels that something carries; a dispatch closes them."""
        from perennial.model.words import Channel

        carried = (c for c in Channel if self.settings.transport_of(c) is not Transport.NONE)
        return {channel: self._provider(channel) for channel in carried}

    def _provider(self, channel: Channel) -> Provider:
        from perennial.delivery.mailbox_folder import Mailbox
        from perennial.model.words import Channel

        chosen = self.settings.transport_of(channel)
        match chosen, channel:
            case Transport.MAILBOX, _:
                return Mailbox(self.settings.mailbox_path, channel, clock=self.now)
            case Transport.SMTP, Channel.EMAIL:
                return self._smtp()
            case Transport.SENDGRID, Channel.EMAIL:
                return self._sendgrid()
            case Transport.TWILIO, Channel.SMS | Channel.WHATSAPP:
                return self._twilio(channel)
        variable = f"PERENNIAL_{channel.upper()}_TRANSPORT"
        msg = f"{channel}_transport: {chosen} carries no {channel}. Set {variable}=mailbox, or another that does."
        raise SettingsError(msg)

    def _smtp(self) -> Provider:
        from perennial.delivery.smtp import Smtp

        return Smtp(self.smtp_server, clock=self.now)

    @property
    def smtp_server(self) -> SmtpServer:
        """The SMTP server of the settings, not yet connected to."""
        from perennial.delivery.smtp import SmtpServer

        settings = self.settings
        return SmtpServer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            user=settings.smtp_user,
            password=settings.smtp_password,
            starttls=settings.smtp_starttls,
        )

    def _sendgrid(self) -> Provider:
        from perennial.delivery.sendgrid.emails import SendGridAccount, SendGridEmail
        from perennial.delivery.sendgrid.payload import MailOptions

        settings = self.settings
        account = SendGridAccount(
            api_key=settings.sendgrid_api_key or SecretStr(""),
            host=settings.sendgrid_host,
            options=MailOptions(
                sandbox=settings.sendgrid_sandbox, asm_group=settings.sendgrid_asm_group
            ),
            batch=settings.sendgrid_batch,
            rate=settings.sendgrid_rate,
            concurrency=settings.sendgrid_concurrency,
            email_activity=settings.sendgrid_email_activity,
        )
        return SendGridEmail(account, clock=self.now)

    def _twilio(self, channel: Channel) -> Provider:
        from perennial.delivery.twilio.messages import TwilioAccount, TwilioMessages
        from perennial.delivery.twilio.payload import TextOptions
        from perennial.events.twilio_events import STATUS_PATH
        from perennial.model.words import Channel

        settings = self.settings
        service, sender = settings.twilio_messaging_service, settings.twilio_from
        rate = settings.twilio_rate
        if channel is Channel.WHATSAPP:
            sender, rate = settings.twilio_whatsapp_from, settings.twilio_whatsapp_rate
            # A number of our own need not be in the service that text messages leave from.
            service = None if sender else service
        account = TwilioAccount(
            sid=settings.twilio_account_sid or "",
            auth_token=settings.twilio_auth_token or SecretStr(""),
            host=settings.twilio_host,
            options=TextOptions(
                messaging_service=service or None,
                sender=sender or None,
                status_callback=settings.edge_url.rstrip("/") + STATUS_PATH,
                redact=settings.twilio_redact,
            ),
            concurrency=settings.twilio_concurrency,
            rate=rate,
        )
        return TwilioMessages(account, channel, clock=self.now)

    def close(self) -> None:
        for part in ("spark", "engine", "ledger", "source"):
            if part in self.__dict__:
                self.__dict__.pop(part).close()

    @property
    def secret(self) -> str:
        """The key behind address hashes, coupon codes and links."""
        return self.settings.secret.get_secret_value()

    def now(self) -> datetime:
        """The instant that counts for quiet hours, caps and expiry; leases go by the ledger's clock."""
        return self.simulated_now or datetime.now(UTC)

    def campaign(self, name: str) -> Campaign:
        """A campaign by its name.

        Raises:
            CampaignError: its file has mistakes.
            SettingsError: there is none; names the nearest.
        """
        if name in self._campaign_files[1]:
            raise self._campaign_files[1][name]
        for campaign in self.campaigns:
            if campaign.name == name:
                return campaign
        names = [c.name for c in self.campaigns]
        near = get_close_matches(name, names, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(names)}."
        msg = f"There is no campaign {name!r}. {hint}"
        raise SettingsError(msg)
