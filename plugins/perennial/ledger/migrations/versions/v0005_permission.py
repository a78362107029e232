"""What customers agree to, prefer and answer; suppressions that can be lifted; who dealt with people's data."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perennial.ledger.migrations.widening import widen
from perennial.ledger.tables import KEY, Instant, bytewise

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_WORDS = {
    "channel": "'email', 'sms', 'whatsapp'",
    "topic": "'offers', 'loyalty', 'feedback'",
    "state": "'granted', 'withdrawn'",
    "how": (
        "'shop', 'preference_page', 'unsubscribe_link', 'one_click', 'double_opt_in', 'inbound_text',"
        " 'import', 'survey', 'shop_team'"
    ),
    "preference": "'language', 'birth_date', 'paused_until'",
    "scale": "'csat', 'nps'",
    "why": "'low_score'",
    "actor": "'person', 'machine'",
    "action": "'exported', 'erased', 'suppressed', 'lifted', 'released', 'case_closed'",
}
_REASONS = (
    "'no_address', 'bad_address', 'no_consent', 'suppressed', 'capped', 'unengaged', 'cooling_down',"
    " 'lower_priority', 'step_not_due', 'quiet_until_expiry', 'expired', 'already_sent', 'converted', 'incomplete_data',"
    " 'render_failed', 'duplicate_person', 'campaign_paused', 'campaign_stopped', 'budget_exhausted',"
    " 'person_paused'"
)
_SUPPRESSIONS = (
    "'unsubscribed', 'complained', 'hard_bounced', 'stopped', 'invalid', 'erased', 'manual'"
)
_SUPPRESSIONS_ARE = (
    "Addresses that must not be written to, whoever has them; rows are lifted, never removed."
)


def upgrade() -> None:
    """Adds the tables, and the words that were not known before."""
    _consents()
    _preferences()
    _answers()
    _soft_bounces()
    _rights()
    _suppressions()
    _word("message_events", "actor", "Who is behind it; empty: it does not show.")
    _word("messages", "topic", "What it is about; empty: claimed by an older version.")
    widen("blocks", "reason", _REASONS)
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _guard_sqlite() if on_sqlite else _guard_postgresql():
        op.execute(sa.text(statement))


def _word(table: str, column: str, comment: str) -> None:
    """Adds a column with its check in one statement, because SQLite adds no check to a table that there is."""
    op.execute(
        sa.text(
            f"alter table {table} add column {column} varchar(16)"
            f" constraint ck_{table}_{column}_is_known check ({column} in ({_WORDS[column]}))"
        )
    )
    if op.get_bind().dialect.name != "sqlite":  # which keeps no comments
        op.alter_column(table, column, existing_type=sa.String(16), comment=comment)


def _id(comment: str) -> sa.Column[int]:
    return sa.Column(
        "id",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        sa.Identity(always=True),
        nullable=False,
        comment=comment,
    )


def _text(name: str, length: int, comment: str, *, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=empty, comment=comment)


def _bytewise(name: str, length: int, comment: str) -> sa.Column[str]:
    return sa.Column(name, bytewise(length), nullable=False, comment=comment)


def _at(name: str, comment: str, *, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, Instant, nullable=empty, comment=comment)


def _known(table: str, *columns: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(
            f"{column} in ({_WORDS[column]})", name=op.f(f"ck_{table}_{column}_is_known")
        )
        for column in columns
    ]


def _consents() -> None:
    op.create_table(
        "consents",
        _id("The order in which they were recorded."),
        _bytewise("person_id", 128, "For whom it holds."),
        _bytewise("customer_id", 128, "Which account said so."),
        _text("channel", 16, "Where they may be written to, or not."),
        _text("topic", 16, "About what."),
        _text("state", 16, "Granted or withdrawn."),
        _at("at", "When the customer said so."),
        _text("how", 32, "How it reached us."),
        _text("wording", 64, "Version of the words that were agreed to.", empty=True),
        _text("proof", 255, "What proves it: the key of a message, a file's line.", empty=True),
        _at("recorded_at", "When it was written down."),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
        sa.UniqueConstraint(
            *("customer_id", "channel", "topic", "at", "state", "how"),
            name="uq_consents_customer_id_channel_topic_at_state_how",
        ),
        *_known("consents", "channel", "topic", "state", "how"),
        comment="What customers agreed to and took back, with its proof; what was said never changes.",
    )
    op.create_index("ix_consents_person_id", "consents", ["person_id"])
    op.create_table(
        "permissions",
        _bytewise("person_id", 128, "Who."),
        _text("channel", 16, "Where."),
        _text("topic", 16, "About what."),
        _text("state", 16, "What the latest consent says."),
        _at("since", "When that was said."),
        sa.PrimaryKeyConstraint("person_id", "channel", "topic", name="pk_permissions"),
        *_known("permissions", "channel", "topic", "state"),
        comment="The consents that stand; read by every claim.",
    )


def _preferences() -> None:
    op.create_table(
        "preference_changes",
        _id("The order in which they were recorded."),
        _bytewise("person_id", 128, "For whom it holds."),
        _bytewise("customer_id", 128, "Which account said so."),
        _text("preference", 16, "About what."),
        _text("value", 64, "What was chosen; empty: nothing any more.", empty=True),
        _at("at", "When the customer said so."),
        _text("how", 32, "How it reached us."),
        _text("proof", 255, "What proves it: the key of a message, say.", empty=True),
        sa.PrimaryKeyConstraint("id", name="pk_preference_changes"),
        *_known("preference_changes", "preference", "how"),
        comment="What customers told us about themselves, change by change; only grows.",
    )
    op.create_index("ix_preference_changes_person_id", "preference_changes", ["person_id"])
    op.create_table(
        "preferences",
        _bytewise("person_id", 128, "Who."),
        _text("language", 35, "The language of their messages.", empty=True),
        sa.Column("birth_date", sa.Date, comment="Their birth date."),
        _at("paused_until", "Until when nothing may be sent to them.", empty=True),
        sa.PrimaryKeyConstraint("person_id", name="pk_preferences"),
        comment="What customers told us about themselves, as it stands; read by every claim.",
    )


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("message_key", KEY, nullable=False, comment="The survey; one answer each."),
        _text("scale", 8, "What the score means."),
        sa.Column("score", sa.Integer, nullable=False, comment="The first that was confirmed."),
        _text("comment", 2000, "What the customer added, in their own words.", empty=True),
        _at("at", "When the score was confirmed."),
        sa.PrimaryKeyConstraint("message_key", name="pk_answers"),
        *_known("answers", "scale"),
        comment="What customers answered to surveys.",
    )
    op.create_index("ix_answers_at", "answers", ["at"])
    op.create_table(
        "cases",
        _id("Names the case to people."),
        sa.Column("message_key", KEY, nullable=False, comment="What it is about; one each."),
        _text("why", 32, "Why it was opened."),
        _at("opened_at", "When it was opened."),
        _at("closed_at", "When it was closed; empty while it waits for somebody.", empty=True),
        _text("closed_by", 128, "Who closed it.", empty=True),
        _text("note", 255, "What was done.", empty=True),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("message_key", name="uq_cases_message_key"),
        *_known("cases", "why"),
        sa.CheckConstraint(
            "(closed_at is null) = (closed_by is null) and (closed_at is null) = (note is null)",
            name=op.f("ck_cases_is_closed_by_somebody"),
        ),
        comment="Customers whom the shop should get in touch with.",
    )


def _soft_bounces() -> None:
    op.create_table(
        "soft_bounces",
        _bytewise("address_key", 64, "Keyed hash of the address."),
        _text("channel", 16, "Where it was written to."),
        sa.Column(
            "count",
            sa.Integer,
            nullable=False,
            comment="How often in a row; a delivery ends the row.",
        ),
        _at("first_at", "When the row began."),
        _at("last_at", "When it grew last."),
        sa.PrimaryKeyConstraint("address_key", "channel", name="pk_soft_bounces"),
        *_known("soft_bounces", "channel"),
        comment="Addresses that did not take messages for the time being, again and again.",
    )


def _rights() -> None:
    op.create_table(
        "erasures",
        _text("customer_key", 64, "Keyed hash of the customer's id."),
        _at("requested_at", "When they asked to be forgotten."),
        _at("finished_at", "When nothing was left; empty until then.", empty=True),
        sa.PrimaryKeyConstraint("customer_key", name="pk_erasures"),
        comment="Customers who asked to be forgotten.",
    )
    op.create_table(
        "audit_log",
        _id("The order in which it was written."),
        _at("at", "When."),
        _text("actor", 128, "Who did it."),
        _text("action", 16, "What was done."),
        _text("subject", 128, "To whom or what: an id or a hash."),
        _text("reason", 255, "Why."),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
        *_known("audit_log", "action"),
        comment="Who dealt with people's data and permissions, and why; only grows.",
    )


def _suppressions() -> None:
    for column in (
        _at("said_at", "When it was said last; empty: lifted before it was said.", empty=True),
        _at("lifted_at", "When that ended; empty while it stands.", empty=True),
    ):
        op.add_column("suppressions", column)
    op.execute(sa.text("update suppressions set said_at = since"))
    widen("suppressions", "reason", _SUPPRESSIONS)
    if op.get_bind().dialect.name != "sqlite":  # which keeps no comments
        op.create_table_comment("suppressions", _SUPPRESSIONS_ARE)


def _guard_postgresql() -> tuple[str, ...]:
    return (
        """create trigger audit_log_only_grows before update or delete on audit_log
        for each statement execute function refuse('the audit log only grows')""",
        """create trigger consents_stay_as_they_were_said
        before update of channel, topic, state, at, how, wording, recorded_at on consents
        for each statement execute function refuse('what was said about consent never changes')""",
    )


def _guard_sqlite() -> tuple[str, ...]:
    only_grows = "begin select raise(abort, 'the audit log only grows'); end"
    return (
        f"create trigger audit_log_is_kept before delete on audit_log {only_grows}",
        f"create trigger audit_log_only_grows before update on audit_log {only_grows}",
        """create trigger consents_stay_as_they_were_said
        before update of channel, topic, state, at, how, wording, recorded_at on consents
        begin select raise(abort, 'what was said about consent never changes'); end""",
    )
