"""What a campaign does, told to those who run it: the page of its DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perennial.campaigns.definition import Approval, Campaign

_CHANGES = "What somebody changes in the Studio counts once a second person has approved it.\n\n"


def describe_campaign(campaign: Campaign, *, approval_limit: int | None = None) -> str:
    """What a campaign does, in Markdown, where an installation may ask for approvals above a limit of its own."""
    return (
        f"## {campaign.title}\n\n{campaign.description or ''}\n\n"
        f"**Goal**: {campaign.goal or 'not stated'}\n\n"
        f"Every run waits for the day's verified data, plans who is written to and why everybody else is not,"
        f" {_approval_words(campaign.approval.with_limit(approval_limit))}, sends each at"
        f" {campaign.send_at:%H:%M} on the customer's clock, and accounts for everybody.\n\n"
        f"**When a run begins late**: {campaign.catch_up.sentence}\n\n"
        f"{_CHANGES if campaign.approval.changes else ''}"
        "Clearing a task or running a day again never writes to anybody twice.\n\n"
        f"Defined in `campaigns/{campaign.name}.yaml`."
    )


def _approval_words(approval: Approval) -> str:
    above, two_above = approval.above, approval.two_above
    asked = []
    if above is not None:
        asked.append(f"asks for approval when more than {above:,} messages would leave")
    if two_above is not None:
        asked.append(f"asks two different people when more than {two_above:,} would leave")
    return ", ".join(asked) or "asks nobody for approval"
