"""Changing campaigns and their words: the Studio proposes and saves, a second person approves, there or by command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from perennial.errors import DefinitionError, SettingsError
from perennial.model.datasets import DECISIONS
from perennial.steps.looking import LookingSteps

if TYPE_CHECKING:
    from perennial.campaigns.definition import Campaign
    from perennial.messages.templates import Templates
    from perennial.pipeline.changes import Change
    from perennial.pipeline.checking import Checked
    from perennial.pipeline.editing import Editor
    from perennial.pipeline.previewing import Keep, Preview, Wish

_PLANS_BACK = 60


class EditingSteps(LookingSteps):
    """What the Studio and `perennial changes` do with the files of the project."""

    @property
    def editor(self) -> Editor:
        """Changes the files of the installation."""
        from perennial.pipeline.editing import Editor

        return Editor(
            project=self.settings.project,
            ledger=self.ledger,
            now=self.now,
            today=self.now().astimezone(self.shop.zone).date(),
            read_only=self.settings.studio_read_only,
            known=self._known_templates,
        )

    def try_out(self, changes: Sequence[Change]) -> Checked:
        """The mistakes that a change would make, and the campaigns and templates as they would be. Nothing is saved."""
        from perennial.pipeline.changes import try_out

        return try_out(self.settings.project, changes, self._known_templates())

    def previews_of_change(
        self,
        tried: Checked,
        campaign: str,
        customer_id: str,
        *,
        day: date,
        wishes: Sequence[Wish],
        keep: Keep | None = None,
    ) -> list[Preview]:
        """The real message for a real customer, as it would read after a change. Nothing is saved and nothing noted.

        `keep` may answer with what was gathered for the customer a moment ago; see Previewer.

        Raises:
            SettingsError: the change leaves no such campaign.
            PlanError: there is no such customer on that day, or no such step.
            MissingPartition: the night has not been that far.
            RenderError: the words cannot be said to this customer.
        """
        changed = campaign_in(tried, campaign)
        rivals, templates = tried.campaigns or (), tried.templates or self.templates
        return self._previews(changed, rivals, templates, customer_id, day, wishes, keep)

    def last_planned_day(self, campaign: str) -> date:
        """The last day that a campaign was planned for, of late; else the last night.

        Raises:
            MissingPartition: no night has run yet.
        """
        from perennial.pipeline.plan_reading import plan_partition

        lake = self.engine.lake
        for day in lake.days(DECISIONS.name)[: -_PLANS_BACK - 1 : -1]:
            if lake.exists(plan_partition(campaign, day)):
                return day
        return self.last_night()

    def _known_templates(self) -> Templates | None:
        """The templates as they lie in the folder; nothing where there are mistakes in them."""
        try:
            return self.templates
        except DefinitionError:
            return None


def campaign_in(tried: Checked, name: str) -> Campaign:
    """A campaign as it would be after a change.

    Raises:
        SettingsError: there is none of that name.
    """
    for campaign in tried.campaigns or ():
        if campaign.name == name:
            return campaign
    msg = f"There is no campaign {name!r}."
    raise SettingsError(msg)
