"""The reference pages of whoever runs an installation, from what the code knows."""

from __future__ import annotations

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
