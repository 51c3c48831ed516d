"""`hookline db`: the commands that look after a database."""

from contextlib import closing
from pathlib import Path

import click
import sqlalchemy as sa

from hookline.cli.context import CliContext, pass_cli
from hookline.cli.groups import json_option
from hookline.errors import InvalidValue
from hookline.uris import scheme_of, without_secrets
from hookline_tracking_sql import schema
from hookline_tracking_sql.backups import back_up
from hookline_tracking_sql.engine import Database
from hookline_tracking_sql.opening import open_existing, revision
from hookline_tracking_sql.upgrades import upgrade_database

SCHEME = "sqlite"
uri_argument = click.argument("uri", required=False)


@click.command()
@uri_argument
@json_option
@pass_cli
def upgrade(cli: CliContext, uri: str | None) -> None:
    """Bring the tables of URI (default: the tracking store) up to this version, whole or not at all.

    Make a copy of the file first, and stop what writes to it.
    """
    with closing(open_existing(_wanted(cli, uri))) as database:
        before, after = upgrade_database(database)
        result = {"path": str(database.path), "before": before, "after": after}
    changed = f"went from schema {before} to {after}" if before != after else f"is at schema {after} already"
    cli.out(result, text=f"{result['path']} {changed}.")


@click.command()
@uri_argument
@json_option
@click.pass_context
def check(ctx: click.Context, uri: str | None) -> None:
    """Check the version and the integrity of URI (default: the tracking store); the exit code is 1 on a problem."""
    cli = ctx.ensure_object(CliContext)
    with closing(open_existing(_wanted(cli, uri))) as database:
        problems = _problems(database)
        result = {"path": str(database.path), "schema": revision(database), "problems": problems}
    found = "\n".join(problems) or f"no problem found, schema {result['schema']}"
    cli.out(result, text=f"{result['path']}: {found}")
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
    with closing(open_existing(_wanted(cli, uri))) as database:
        size = back_up(database, file.expanduser().absolute())
        result = {"path": str(database.path), "backup": str(file), "bytes": size, "schema": revision(database)}
    cli.out(result, text=f"Copied {result['path']} to {result['backup']}: {result['bytes']} bytes.")


def _wanted(cli: CliContext, uri: str | None) -> str:
    wanted = uri or cli.workspace.tracking_uri
    if scheme_of(wanted) != SCHEME:
        raise InvalidValue(
            f"{without_secrets(wanted)!r} is no SQLite store, and this command is for those. Name one: sqlite:///PATH"
        )
    return wanted


def _problems(database: Database) -> list[str]:
    problems = []
    present = revision(database)
    if present != schema.HEAD:
        way_out = "run: hookline db upgrade" if present in schema.SCHEMA_VERSIONS else "upgrade this plugin"
        problems.append(f"the schema is {present}, and this version needs {schema.HEAD}: {way_out}")
    with database.reading() as connection:
        damage = [str(row[0]) for row in connection.execute(sa.text("PRAGMA integrity_check"))]
        lost = [str(row[0]) for row in connection.execute(sa.text("PRAGMA foreign_key_check"))]
    problems += [f"damaged: {line}" for line in damage if line != "ok"]
    problems += [f"rows of {table} refer to rows that are gone" for table in sorted(set(lost))]
    return problems
