"""Every figure that monitoring can have: a closed list, each with its unit, and what to do when it is bad."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure. `bad` says when it is worth somebody's time, `cure` what to do then."""

    name: str
    unit: str
    meaning: str
    bad: str
    cure: str
    labels: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What Prometheus calls it."""
        return "counter" if self.name.endswith("_total") else "gauge"


def _listed(*figures: Figure) -> Mapping[str, Figure]:
    return MappingProxyType({figure.name: figure for figure in figures})


FIGURES: Mapping[str, Figure] = _listed(
    Figure(
        name="perennial_night_age_days",
        unit="days",
        meaning="Days since the last day whose audiences are formed, on the shop's calendar.",
        bad="1 or more after 06:00 of the shop.",
        cure="`perennial status` says why; see docs/how-to/release-a-night.md, or run the night again.",
    ),
    Figure(
        name="perennial_night_datasets",
        unit="datasets",
        meaning="Datasets of the latest night that was checked, by what the checks said.",
        labels=("verdict",),
        bad='`verdict="stopped"` above 0.',
        cure="`perennial verdict` shows the findings; release the night or mend the data.",
    ),
    Figure(
        name="perennial_night_quarantined_rows",
        unit="rows",
        meaning="Rows that the latest night put aside.",
        bad="Many more than usual.",
        cure="`perennial quarantine` shows them with their reasons.",
    ),
    Figure(
        name="perennial_plan_decisions",
        unit="people",
        meaning="Decisions of today's plans, by campaign and outcome.",
        labels=("campaign", "outcome"),
        bad='`outcome="send"` far from usual.',
        cure="docs/how-to/read-a-plan.md; nothing leaves unapproved where the audience is odd.",
    ),
    Figure(
        name="perennial_messages",
        unit="messages",
        meaning="Messages of today's plans, by campaign and state, or blocked.",
        labels=("campaign", "state"),
        bad='`state="refused"` or `"in_doubt"` is more than a few.',
        cure="docs/operations.md, *Why a dispatch stops* and *Doubts*.",
    ),
    Figure(
        name="perennial_overdue_seconds",
        unit="seconds",
        meaning="How long the oldest message has been due that no worker has looked at; 0 when there is none.",
        labels=("campaign",),
        bad="More than 1,800 while nothing is paused.",
        cure="See whether the campaign's `dispatch` runs, is paused, or waits for an approval or a slot of the pool `providers`.",
    ),
    Figure(
        name="perennial_doubts",
        unit="messages",
        meaning="Messages that may have been sent, and wait for evidence or a person.",
        bad="Above 0 for more than an hour.",
        cure="`perennial doubts --ask`, then docs/how-to/pause-stop-and-settle.md, *Settle doubts*.",
    ),
    Figure(
        name="perennial_unknown_reports",
        unit="messages",
        meaning="Messages that providers report on and the ledger does not know.",
        bad="It grows.",
        cure="Another sender uses the account, or the ledger was restored: docs/how-to/pause-stop-and-settle.md.",
    ),
    Figure(
        name="perennial_event_age_seconds",
        unit="seconds",
        meaning="Since the start of the latest request that the provider has reported on.",
        labels=("provider",),
        bad="More than 3,600 on a day on which it was sent by.",
        cure="`perennial doctor`: is the web app reached, is the webhook's key set? SendGrid tries for 24 hours.",
    ),
    Figure(
        name="perennial_mailbox_sent",
        unit="emails",
        meaning="Emails of the days that the brake looks at, by mailbox provider.",
        labels=("mailbox",),
        bad="Never by itself.",
        cure="The figures below are shares of it.",
    ),
    Figure(
        name="perennial_mailbox_bounced",
        unit="emails",
        meaning="Of the same days: those whose mailbox does not exist.",
        labels=("mailbox",),
        bad="More than 2 % of those sent.",
        cure="Look where the addresses come from, and have them confirmed: docs/how-to/confirm-addresses.md.",
    ),
    Figure(
        name="perennial_mailbox_complained",
        unit="emails",
        meaning="Of the same days: those that were marked as spam.",
        labels=("mailbox",),
        bad="0.1 % of those sent or more.",
        cure="`perennial brake`, and docs/how-to/pause-stop-and-settle.md, *The brake*.",
    ),
    Figure(
        name="perennial_brake",
        unit="0 open, 1 slowed, 2 stopped",
        meaning="Whether promotional emails to a mailbox provider are held back.",
        labels=("mailbox",),
        bad="Above 0.",
        cure="`perennial brake`: see what they mark, mend that, then lift it; docs/how-to/pause-stop-and-settle.md, *The brake*.",
    ),
    Figure(
        name="perennial_sender_emails",
        unit="emails",
        meaning="Emails that a new sender has sent today, on the shop's calendar; none when it is warm.",
        labels=("domain",),
        bad="As many as are allowed, on each day, long before the evening.",
        cure="Messages wait or expire as `warming_up`; docs/how-to/own-the-policy.md, *A new sender*.",
    ),
    Figure(
        name="perennial_sender_allowed",
        unit="emails",
        meaning="Emails that a new sender may send today; none when it is warm.",
        labels=("domain",),
        bad="Never by itself.",
        cure="`warm_up` in policy.yaml sets it.",
    ),
    Figure(
        name="perennial_budget_used",
        unit="share of 1",
        meaning="What of a month's budget is spent, of a campaign or of all (*), in money or segments.",
        labels=("whose", "kind"),
        bad="0.9 or more before the month's last days.",
        cure="docs/how-to/own-the-policy.md: raise `budget`, or shorten texts to fewer segments.",
    ),
    Figure(
        name="perennial_held",
        unit="campaigns",
        meaning="Campaigns, or everything as one, that people have paused or stopped.",
        labels=("control",),
        bad="Above 0 for longer than somebody meant.",
        cure="`perennial status` says who and why; `perennial resume`.",
    ),
    Figure(
        name="perennial_edge_posts_total",
        unit="posts",
        meaning="At the web app: posts by how they ended.",
        labels=("provider", "outcome"),
        bad='`outcome` is "forged", "stale" or "unavailable".',
        cure="A key is wrong, or somebody tries; `perennial doctor`. Unavailable: see to the ledger.",
    ),
    Figure(
        name="perennial_edge_events_total",
        unit="events",
        meaning="At the web app: events by their word.",
        labels=("provider", "word"),
        bad="They cease while messages leave.",
        cure="`perennial doctor`: is the public address reached?",
    ),
    Figure(
        name="perennial_edge_ignored_events_total",
        unit="events",
        meaning="At the web app: events of no message of ours.",
        labels=("provider", "why"),
        bad="It grows fast.",
        cure="Another sender on the same account: give Perennial a subuser or account of its own.",
    ),
    Figure(
        name="perennial_edge_recorded_events_total",
        unit="events",
        meaning="At the web app: events by what the ledger made of them.",
        labels=("result",),
        bad='`result="parked"` grows.',
        cure="As with perennial_unknown_reports.",
    ),
    Figure(
        name="perennial_edge_inbound_texts_total",
        unit="texts",
        meaning="At the web app: texts that people answered with, by what they ask for.",
        labels=("channel", "wish"),
        bad='`wish="stop"` is more than usual.',
        cure="Look at what was sent before, as with complaints.",
    ),
)
