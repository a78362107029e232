"""Looking at what was decided and done, without changing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from perennial.errors import MissingPartition
from perennial.model.datasets import MEMBERSHIPS
from perennial.settings import Clock
from perennial.steps.campaign_day import CampaignSteps

if TYPE_CHECKING:
    from perennial.campaigns.definition import Campaign
    from perennial.delivery.mailbox_folder import MailboxEntry
    from perennial.messages.templates import Templates
    from perennial.model.words import Channel
    from perennial.pipeline.difference import Difference
    from perennial.pipeline.explaining import Explanation
    from perennial.pipeline.measuring import CampaignResults
    from perennial.pipeline.persons import PersonView
    from perennial.pipeline.previewing import Keep, Preview, Wish
    from perennial.report.response_figures import ResponseFigures

_LATELY = timedelta(days=31)


@dataclass(frozen=True, kw_only=True)
class DayReturns:
    """What came back for a campaign's day. `orders` are those of the people written to; nothing when nobody asked."""

    campaign: str
    day: date
    figures: ResponseFigures
    orders: int | None = None


class LookingSteps(CampaignSteps):
    """What people ask of an installation."""

    def preview(
        self,
        campaign: str,
        customer_id: str,
        *,
        day: date,
        channel: Channel | None = None,
        locale: str | None = None,
        step: int | None = None,
    ) -> Preview:
        """The real message for a real customer."""
        from perennial.pipeline.previewing import Wish

        wish = Wish(channel=channel, locale=locale, step=step)
        return self.previews(campaign, customer_id, day=day, wishes=[wish])[0]

    def previews(
        self,
        campaign: str,
        customer_id: str,
        *,
        day: date,
        wishes: Sequence[Wish],
        keep: Keep | None = None,
    ) -> list[Preview]:
        """The same, in several languages or steps at once; for `keep`, see Previewer."""
        return self._previews(
            self.campaign(campaign), self.campaigns, self.templates, customer_id, day, wishes, keep
        )

    def _previews(  # noqa: PLR0917 - what a message is made of
        self,
        campaign: Campaign,
        rivals: Sequence[Campaign],
        templates: Templates,
        customer_id: str,
        day: date,
        wishes: Sequence[Wish],
        keep: Keep | None = None,
    ) -> list[Preview]:
        from perennial.pipeline.previewing import Previewer

        previewer = Previewer(
            engine=self.engine,
            ledger=self.ledger,
            templates=templates,
            campaign=campaign,
            rivals=rivals,
            shop=self.shop,
            policy=self.policy,
            secret=self.secret,
            compose=partial(self._compose, templates=templates),
            **({"keep": keep} if keep else {}),
        )
        return previewer.preview(customer_id, day, wishes)

    def explain(self, customer_id: str, day: date, known: PersonView | None = None) -> Explanation:
        """Why a customer got a message on a day, or did not; `known` as the last thing that was asked about anybody."""
        from perennial.pipeline.explaining import explain_customer

        return explain_customer(
            self.engine,
            self.ledger,
            customer_id=customer_id,
            day=day,
            campaigns=self.campaigns,
            zone=self.shop.zone,
            known=known if known and known.day == day else None,
        )

    def report(self, day: date) -> Path:
        """Writes the page of a day and says where it lies; a day without verified data says so."""
        from perennial.pipeline.no_data import look_for_data, write_no_data_page
        from perennial.pipeline.reporting import data_figures, write_day_page

        page = self.settings.home / "reports" / f"{day.isoformat()}.html"
        if missing := look_for_data(self.engine.lake, day):
            titles = [campaign.title for campaign in self.campaigns]
            return write_no_data_page(missing, shop=self.shop, campaigns=titles, page=page)
        return write_day_page(
            self.engine,
            self.ledger,
            campaigns=self.campaigns,
            day=day,
            shop=self.shop,
            data=data_figures(self.engine.lake, day),
            mailbox=self.mailbox(),
            page=page,
            told_at=None if self.settings.clock is Clock.SIMULATED else self.now(),
        )

    def results(self, campaign: str, since: date, until: date) -> CampaignResults:
        """What a campaign's plans of some days changed, against those who were held out.

        Raises:
            SettingsError: there is no such campaign.
            MissingPartition: no night has run yet.
        """
        from perennial.pipeline.measuring import measure_campaign

        return measure_campaign(
            self.engine,
            self.ledger,
            campaign=self.campaign(campaign).name,
            since=since,
            until=until,
            known_on=self.last_night(),
            shop=self.shop,
        )

    def returns(self, *, days: int, orders: bool = False) -> list[DayReturns]:
        """What came back for each campaign and day from which something left, of so many days up to the latest planned one.

        With `orders`, also what `results` counts for that day: as known by the last night, within 30 days.

        Raises:
            MissingPartition: no night has run yet, and orders are asked for.
        """
        from perennial.report.response_figures import response_figures

        found = []
        for campaign, day in self.ledger.planned_days(days):
            responses = self.ledger.responses(campaign, day)
            if not responses.channels:
                continue
            bought = self._orders(campaign, day) if orders else None
            figures = response_figures(responses)
            found.append(DayReturns(campaign=campaign, day=day, figures=figures, orders=bought))
        return found

    def _orders(self, campaign: str, day: date) -> int | None:
        """Nothing for a campaign whose file is gone."""
        if campaign not in {known.name for known in self.campaigns}:
            return None
        return self.results(campaign, day, day).treated.orders

    def difference(self, day: date, other_day: date, *, campaign: str | None = None) -> Difference:
        """Who entered and who left which audience from one day to another, and why.

        Raises:
            SettingsError: there is no such campaign.
            MissingPartition: one of the nights has not been that far.
        """
        from perennial.pipeline.differing import compare_sides
        from perennial.pipeline.known_later import stored_side

        return compare_sides(
            self.engine,
            stored_side(day),
            stored_side(other_day),
            self.shop,
            self.campaigns,
            self.campaign(campaign).name if campaign else None,
        )

    def late_truth(self, day: date, known_on: date, *, campaign: str | None = None) -> Difference:
        """What the audiences of a day would be with what is known on another; the lake is only read.

        Raises:
            SettingsError: there is no such campaign, or the second day is before the first.
            MissingPartition: one of the nights has not been published.
        """
        from perennial.pipeline.differing import compare_sides
        from perennial.pipeline.known_later import (
            as_formed,
            beside_the_lake,
            check_days,
            rebuild_day,
        )

        only = self.campaign(campaign).name if campaign else None
        lake = self.engine.lake
        check_days(lake, day, known_on)
        with beside_the_lake(
            lake, memory_limit=self.settings.memory_limit, threads=self.settings.threads
        ) as engine:
            before, after = (
                rebuild_day(engine, self.ledger, day, known, self.shop, self.policy, self.campaigns)
                for known in (day, known_on)
            )
            found = compare_sides(engine, before, after, self.shop, self.campaigns, only)
            return replace(found, as_formed=as_formed(self.engine, engine, before))

    def mailbox(self) -> list[MailboxEntry]:
        """Every message that the mailbox transport has accepted."""
        from perennial.delivery.mailbox_folder import Mailbox
        from perennial.model.words import Channel

        return list(Mailbox(self.settings.mailbox_path, Channel.EMAIL, clock=self.now).read())

    def last_night(self) -> date:
        """The last day whose audiences are formed.

        Raises:
            MissingPartition: no night has run yet.
        """
        lake, lately = self.engine.lake, self.now().date() - _LATELY
        # Of years of nights, the last month is looked into first.
        days = lake.days(MEMBERSHIPS.name, lambda day: day >= lately) or lake.days(MEMBERSHIPS.name)
        if not days:
            msg = "No night has run yet. Run one: perennial night --day D"
            raise MissingPartition(msg)
        return days[-1]
