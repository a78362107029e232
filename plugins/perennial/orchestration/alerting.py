"""Telling operators, as Airflow does it: a notifier for Slack, or what takes its posts, and for email."""

from __future__ import annotations

import html
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

from perennial.errors import SettingsError
from perennial.settings import Settings, read_settings

if TYPE_CHECKING:
    from perennial.operations.samples import Sample

_log = logging.getLogger(__name__)


class Operators(BaseNotifier):  # type: ignore[misc] # Airflow is not typed
    """Tells whom the settings name of one kind of alert; where they name nobody, nobody.

    What it says names a DAG, a task and a day. The text of an error stays in the log: it may quote anything.
    """

    def __init__(self, alert: str) -> None:
        super().__init__()
        self.alert = alert

    def notify(self, context: Any) -> None:  # noqa: ANN401 - Airflow's context
        """Never fails a task: who cannot be told is told of in the log."""
        from perennial.operations.alerts import told

        tell(read_settings(), [told(self.alert, _where(context))], context)


class Watching(BaseNotifier):  # type: ignore[misc] # Airflow is not typed
    """Looks at the figures of now, tells operators of each that is bad, and pushes all where a collector is named."""

    def notify(self, context: Any) -> None:  # noqa: ANN401 - Airflow's context
        """Looks only where somebody would be told."""
        from perennial.operations.alerts import raised
        from perennial.operations.pushing_figures import collector_is_named
        from perennial.operations.taking_figures import take_figures
        from perennial.orchestration.installing import installation

        settings = read_settings()
        nobody = settings.alert_webhook is None and settings.alert_emails is None
        if nobody and not collector_is_named():
            return
        with installation() as perennial:
            figures = take_figures(perennial)
        tell(settings, [each.text for each in raised(figures)], context)
        if collector_is_named():
            _push(figures)


def tell(settings: Settings, texts: Sequence[str], context: Any) -> None:  # noqa: ANN401 - Airflow's context
    """Tells texts, in one post and one email."""
    if not texts:
        return
    if settings.alert_webhook is not None:
        from perennial.delivery.team_webhook import post_text

        if not post_text(settings.alert_webhook, "\n".join(texts)):
            _log.warning(
                "Operators could not be told: PERENNIAL_ALERT_WEBHOOK has not taken the post."
            )
    if settings.alert_emails:
        _email(settings.alert_emails, texts, context)


def _push(figures: Sequence[Sample]) -> None:
    """A task does not fail because its figures went nowhere."""
    from perennial.operations.pushing_figures import push_figures

    try:
        push_figures(figures, at=datetime.now(UTC))
    except SettingsError as error:
        _log.warning("%s", error)


def _email(to: str, texts: Sequence[str], context: Any) -> None:  # noqa: ANN401 - Airflow's context
    """By Airflow's own notifier, which knows its server from the connection smtp_default."""
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    rows = "".join(f"<p>{html.escape(text)}</p>" for text in texts)
    try:
        SmtpNotifier(
            to=[address.strip() for address in to.split(",") if address.strip()],
            subject=f"Perennial: {len(texts)} to see to",
            html_content=rows,
        ).notify(context)
    except Exception as error:  # noqa: BLE001 - a task does not fail because somebody could not be told
        _log.warning(
            "Operators could not be told by email (%s): see Airflow's connection smtp_default.",
            type(error).__name__,
        )


def _where(context: Any) -> str:  # noqa: ANN401 - Airflow's context
    instance, run = context["ti"], context["dag_run"]
    day = getattr(run, "partition_key", None) or getattr(run, "run_after", None)
    when = f"{day:%Y-%m-%d}" if hasattr(day, "strftime") else f"{day}"
    return f"{instance.dag_id}, {when}, task {instance.task_id}"
