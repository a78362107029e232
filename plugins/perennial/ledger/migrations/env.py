"""Where Alembic finds the ledger: on the connection that `migrate` hands over."""

from __future__ import annotations

from alembic import context

from perennial.ledger.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # All migrations in one transaction, on SQLite too: half a ledger is worse than none.
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
