"""What the demo says at its end: everybody accounted for, and what came back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rich import box
from rich.table import Table
from rich.text import Text

from perennial.ledger.responding import DayResponses
from perennial.model.words import SurveyScale
from perennial.pipeline.accounting import Account
from perennial.report.estimates import satisfaction
from perennial.steps.services import Perennial


def summary(perennial: Perennial, day: date) -> Table:
    """The campaigns of a day side by side."""
    table = Table(box=box.SIMPLE_HEAD, title=f"{perennial.shop.name}, {day}", title_justify="left")
    table.add_column("", no_wrap=True)
    accounts = [perennial.account(c.name, day) for c in perennial.campaigns]
    for account in accounts:
        table.add_column(account.plan.campaign.replace("_", " "), justify="right")
    _decisions(table, accounts)
    table.add_section()
    _messages(table, accounts)
    table.add_section()
    _responses(table, [perennial.ledger.responses(c.name, day) for c in perennial.campaigns])
    return table


def twice(accepted: int, repeated: int) -> Text:
    """Whether running everything twice has written to anybody twice, by what the providers accepted."""
    style = "green" if repeated == 0 else "bold red"
    said = f"Every campaign ran twice: {accepted:,} messages accepted, {repeated} of them repeated."
    return Text(said, style=style)


def _decisions(table: Table, accounts: Sequence[Account]) -> None:
    plans = [account.plan for account in accounts]
    table.add_row("audience", *(f"{p.audience:,}" for p in plans), style="bold")
    table.add_row("send", *(f"{p.send:,}" for p in plans), style="green")
    table.add_row("held out", *(f"{p.hold_out:,}" for p in plans))
    for kind, counts in (("defer", [p.deferred for p in plans]), ("skip", [p.skip for p in plans])):
        for reason in sorted({reason for counted in counts for reason in counted}):
            cells = (f"{counted[reason]:,}" if reason in counted else "" for counted in counts)
            table.add_row(f"{kind}: {reason.replace('_', ' ')}", *cells, style="dim")


def _messages(table: Table, accounts: Sequence[Account]) -> None:
    plans = [account.plan for account in accounts]
    table.add_row("accepted", *(f"{a.accepted:,}" for a in accounts), style="green")
    table.add_row("in doubt", *(f"{a.in_doubt:,}" for a in accounts))
    table.add_row("emails", *(f"{p.emails:,}" for p in plans))
    table.add_row("SMS (segments)", *(f"{p.sms:,} ({p.sms_segments:,})" for p in plans))
    table.add_row("cost", *(f"{p.cost} {p.currency}" for p in plans))


def _responses(table: Table, days: Sequence[DayResponses]) -> None:
    def row(name: str, *counted: str, style: str | None = None) -> None:
        cells = (
            f"{sum(getattr(channel, field) for channel in day.channels for field in counted):,}"
            for day in days
        )
        table.add_row(name, *cells, style=style)

    row("delivered", "delivered", style="green")
    row("bounced, undelivered", "bounced", "undelivered")
    row("opened by people", "opened_by_people")
    row("unsubscribed, STOP", "unsubscribed", "stopped")
    row("marked as spam", "complained")
    row("answers", "answered")
    satisfied = (satisfaction(day.scores.get(SurveyScale.CSAT, {})) for day in days)
    table.add_row("satisfied", *(f"{s.value:.0%}" if s else "" for s in satisfied), style="green")
    table.add_row("cases opened", *(str(day.cases) if day.scores else "" for day in days))
