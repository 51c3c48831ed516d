"""`hookline db`: the commands that look after a database."""

from contextlib import closing
from pathlib import Path

import click
import sqlalchemy as sa

from hookline.cli.bars import Bar
from hookline.cli.context import CliContext, pass_cli
from hookline.cli.groups import json_option
from hookline.errors import InvalidValue, PluginError
from hookline.providers import resolve
from hookline.uris import scheme_of, without_secrets
from hookline_tracking_sql import schema
from hookline_tracking_sql.backups import back_up
from hookline_tracking_sql.dialects.base import Dialect
from hookline_tracking_sql.dialects.sqlite import SqliteDialect
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.kept_overviews import make_missing_overviews
from hookline_tracking_sql.opening import open_existing, revision
from hookline_tracking_sql.upgrades import upgrade_database

_DIALECTS = {
    "sqlite": "hookline_tracking_sql.dialects.sqlite:SqliteDialect",
    "postgresql": "hookline_tracking_sql.dialects.postgresql:PostgresqlDialect",
    "mariadb": "hookline_tracking_sql.dialects.mariadb:MariadbDialect",
    "mysql": "hookline_tracking_sql.dialects.mariadb:MariadbDialect",
}
uri_argument = click.argument("uri", required=False)


@click.command()
@uri_argument
@json_option
@pass_cli
def upgrade(cli: CliContext, uri: str | None) -> None:
    """Bring the tables of URI (default: the tracking store) up to this version, whole or not at all.

    Make a copy of the database first, and stop what writes to it. Long series that were logged by a version without
    overviews get theirs then, for fast charts: about a second for a million points. That may be broken off there, and
    be asked for again.
    """
    with closing(open_existing(_dialect(cli, uri))) as database, Bar("Making overviews", hidden=cli.quiet) as bar:
        before, after = upgrade_database(database)
        made = make_missing_overviews(database, bar.reached)
        result = {"database": database.place, "before": before, "after": after, "overviews": made}
    changed = f"went from schema {before} to {after}" if before != after else f"is at schema {after} already"
    of_series = f" {made} long series {'has' if made == 1 else 'have'} an overview now." if made else ""
    cli.out(result, text=f"{result['database']} {changed}.{of_series}")


@click.command()
@uri_argument
@json_option
@click.pass_context
def check(ctx: click.Context, uri: str | None) -> None:
    """Check the version and the integrity of URI (default: the tracking store); the exit code is 1 on a problem."""
    cli = ctx.ensure_object(CliContext)
    with closing(open_existing(_dialect(cli, uri))) as database:
        problems = _problems(database)
        result = {"database": database.place, "schema": revision(database), "problems": problems}
    found = "\n".join(problems) or f"no problem found, schema {result['schema']}"
    cli.out(result, text=f"{result['database']}: {found}")
    if problems:
        ctx.exit(1)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@uri_argument
@json_option
@pass_cli
def backup(cli: CliContext, file: Path, uri: str | None) -> None:
    """Copy URI (default: the tracking store) into the new FILE while others go on writing.

    The copy is the database at one moment, whatever its version. To use it: hookline --tracking-uri sqlite:///FILE ...
    """
    dialect = _dialect(cli, uri)
    if not isinstance(dialect, SqliteDialect):
        raise InvalidValue(f"{dialect.place} is on a server, whose own tools make its copies (pg_dump, mariadb-dump).")
    with closing(open_existing(dialect)) as database:
        size = back_up(database, file.expanduser().absolute())
        result = {"database": database.place, "backup": str(file), "bytes": size, "schema": revision(database)}
    cli.out(result, text=f"Copied {result['database']} to {result['backup']}: {result['bytes']} bytes.")


def _dialect(cli: CliContext, uri: str | None) -> Dialect:
    wanted = uri or cli.workspace.tracking_uri
    target = _DIALECTS.get(scheme_of(wanted))
    if target is None:
        raise InvalidValue(
            f"{without_secrets(wanted)!r} is no SQL store, and this command is for those. Name one: sqlite:///PATH, "
            "postgresql://HOST/DATABASE or mariadb://HOST/DATABASE"
        )
    try:
        dialect: Dialect = resolve(target)(wanted)
    except ImportError as error:
        raise PluginError(f"{error}.") from error
    return dialect


def _problems(database: Database) -> list[str]:
    problems = []
    present = revision(database)
    if present != schema.HEAD:
        way_out = "run: hookline db upgrade" if present in schema.SCHEMA_VERSIONS else "upgrade this plugin"
        problems.append(f"the schema is {present}, and this version needs {schema.HEAD}: {way_out}")
    with database.reading() as connection:
        damage, lost = database.dialect.damage(connection), database.dialect.lost_references(connection)
        missing = _missing(connection) if present == schema.HEAD else []
    problems += [f"damaged: {line}" for line in damage]
    problems += [f"the {what} is missing: use a copy of the database that has it" for what in missing]
    problems += [f"rows of {table} refer to rows that are gone" for table in lost]
    return problems


def _missing(connection: sa.Connection) -> list[str]:
    """Return the tables and columns of the present schema that somebody has taken away."""
    inspector = sa.inspect(connection)
    present = set(inspector.get_table_names())
    missing = []
    for table in schema.metadata.sorted_tables:
        if table.name not in present:
            missing.append(f"table {table.name}")
            continue
        columns = {column["name"] for column in inspector.get_columns(table.name)}
        missing += [f"column {table.name}.{column.name}" for column in table.columns if column.name not in columns]
    return missing
