"""The reference pages of whoever runs an installation, from what the code knows."""

from __future__ import annotations

from perennial.operations.alerts import ALERTS
from perennial.operations.figures import FIGURES
from perennial.operations.findings import CHECKS


def doctor_page() -> str:
    """Everything that the doctor looks at, with its cure."""
    head = (
        "# What the doctor looks at\n\n"
        "`perennial doctor` looks at what an installation stands on, and says one line a finding: `ok`, `warn` (it works, and"
        " somebody should see to it) or `fail`. It sends nothing and upgrades nothing, waits some seconds for whoever does"
        " not answer, and ends with exit code 1 when anything fails. What concerns a provider is looked at where that"
        " provider carries something.\n"
    )
    parts = (
        f"\n## `{check.id}`\n\n**Well:** {check.well}\n\n**Otherwise:** {check.cure}\n"
        for check in CHECKS.values()
    )
    return head + "".join(parts)


def figures_page() -> str:
    """Every figure for monitoring, with its cure."""
    head = (
        "# Figures for monitoring\n\n"
        "`perennial metrics` prints them in the text format of Prometheus, those of the web app excepted, which counts for"
        " itself at `/metrics`; both push the same values to OpenTelemetry where"
        " [its environment](../operations.md#figures-for-monitoring) names a collector. Labels are names of campaigns,"
        " providers, the sender's domain and closed words; nothing is about anybody."
        " How to have them collected, and which to be called for: [operations](../operations.md#figures-for-monitoring).\n"
    )
    parts = (
        f"\n## `{figure.name}`\n\n{figure.meaning} {figure.kind.capitalize()}, in {figure.unit}."
        + (f" By {', '.join(f'`{label}`' for label in figure.labels)}." if figure.labels else "")
        + f"\n\n**Bad:** {figure.bad}\n\n**Then:** {figure.cure}\n"
        for figure in FIGURES.values()
    )
    return head + "".join(parts)


def alerts_page() -> str:
    """Everything that operators are told of by themselves, with its cure."""
    head = (
        "# Alerts\n\n"
        "What is told by itself to the address of `PERENNIAL_ALERT_WEBHOOK` (Slack, or whatever takes its posts), and to"
        " those of `PERENNIAL_ALERT_EMAILS`: when a task has failed for good, when a stopped night waits, and at the end of"
        " each campaign's run for what the figures say. `perennial alerts` shows what stands now. No alert names anybody.\n"
    )
    parts = (
        f"\n## `{alert.id}`\n\n{alert.when}\n\n**Then:** {alert.cure}\n"
        for alert in ALERTS.values()
    )
    return head + "".join(parts)
