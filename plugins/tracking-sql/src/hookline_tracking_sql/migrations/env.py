"""Run by Alembic: applies migrations over the connection that `hookline_tracking_sql.upgrades` opened."""

from alembic import context

from hookline_tracking_sql import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    version_table=schema.schema_version.name,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
