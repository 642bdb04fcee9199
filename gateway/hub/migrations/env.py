"""Alembic's entry: migrates the connection it is handed, in that connection's transaction."""

from __future__ import annotations

from alembic import context

from gateway.hub import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    render_as_batch=context.config.attributes.get("alters", True),  # SQLite changes a table by copying it
    transactional_ddl=False,  # the caller began the transaction and ends it
)
context.run_migrations()
