"""`hookline import mlflow`: bring what MLflow recorded into the configured stores."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from hookline.cli.context import CliContext
from hookline.cli.groups import json_option
from hookline.cli.output import on_terminal
from hookline.errors import NotSupported, PluginError
from hookline.providers import resolve
from hookline.uris import file_path, scheme_of
from hookline_import_mlflow.folder import FolderSource
from hookline_import_mlflow.importing import Artifacts, Importer, Report
from hookline_import_mlflow.server import ServerSource
from hookline_import_mlflow.source import Source
from hookline_import_mlflow.sqlite import SqliteSource

KINDS = ("experiments", "runs", "points", "logged models", "registered models", "versions", "files")
SHOWN = 20
_POSTGRESQL = "hookline_import_mlflow.postgresql:PostgresqlSource"
_MARIADB = "hookline_import_mlflow.mariadb:MariadbSource"
_DATABASES = {"postgresql": _POSTGRESQL, "postgres": _POSTGRESQL, "mysql": _MARIADB, "mariadb": _MARIADB}
"""What reads a database, by the scheme of its URI. It needs a driver that need not be installed."""


@click.command("mlflow")
@click.argument("source", metavar="SOURCE")
@click.option("--experiment", "experiments", multiple=True, metavar="NAME", help="Only this one, without the registry.")
@click.option(
    "--artifacts",
    type=click.Choice([each.value for each in Artifacts]),
    default=Artifacts.COPY.value,
    show_default=True,
    help="What becomes of the files that lie on this machine.",
)
@click.option(
    "--artifact-root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="What mlflow-artifacts:/ means: the folder of MLflow's server.",
)
@click.option("--dry-run", is_flag=True, help="Count what is there, and bring nothing.")
@json_option
@click.pass_context
def import_mlflow(
    ctx: click.Context,
    source: str,
    experiments: tuple[str, ...],
    artifacts: str,
    artifact_root: Path | None,
    dry_run: bool,
) -> None:
    """Bring experiments, runs and models from SOURCE: an mlruns folder, a database or a server of MLflow's.

    \b
    hookline import mlflow ./mlruns
    hookline import mlflow sqlite:///mlflow.db --artifact-root ./mlartifacts
    hookline import mlflow postgresql://USER@db.example/mlflow
    hookline import mlflow mysql://USER@db.example/mlflow
    hookline import mlflow https://mlflow.example

    Nothing of SOURCE is written. What is there already is passed over, so that it can be broken off and called again.
    Every run is read back and compared; the exit code is 1 where something differs or could not be brought.
    """
    cli = ctx.ensure_object(CliContext)
    place = open_source(source)
    try:
        importer = Importer(
            cli.workspace, place, Artifacts(artifacts), artifact_root, frozenset(experiments), _told(cli)
        )
        report = importer.run(dry=dry_run)
    finally:
        place.close()
    _show(cli, report, dry_run)
    if report.problems:
        ctx.exit(1)


def open_source(given: str) -> Source:
    """Return the source that a path or a URI names. Raises `NotFound`, `InvalidValue`, `NotSupported`, and others."""
    scheme = scheme_of(given)
    if given.startswith("sqlite:///"):
        return SqliteSource(Path(given.removeprefix("sqlite:///")).expanduser())
    if given.startswith(("http://", "https://")):
        return ServerSource(given)
    database = _DATABASES.get(scheme.partition("+")[0])
    if database is not None:
        return _opened_database(database, given)
    if scheme != "file":
        raise NotSupported(
            f"{scheme}: sources are not read. Name an mlruns folder, sqlite:///PATH, postgresql://HOST/DATABASE, "
            "mysql://HOST/DATABASE, or the URL of a server, such as one that serves this database: mlflow server "
            "--backend-store-uri ..."
        )
    path = file_path(given)
    return SqliteSource(path) if path.is_file() else FolderSource(path)


def _opened_database(target: str, uri: str) -> Source:
    try:
        found: Source = resolve(target)(uri)
    except ImportError as error:
        raise PluginError(f"{error}.") from error
    return found


def _told(cli: CliContext) -> Callable[[str], None]:
    def tell(line: str) -> None:
        if on_terminal() and not cli.as_json:
            print(line, file=sys.stderr)

    return tell


def _show(cli: CliContext, report: Report, dry: bool) -> None:
    rows = [
        {
            "kind": kind,
            "found": report.found[kind] or (report.brought[kind] if kind == "files" else 0),
            "new": report.brought[kind],
            "there already": report.present[kind],
        }
        for kind in KINDS
    ]
    for problem in report.problems[:SHOWN]:
        cli.say(f"! {problem}")
    if len(report.problems) > SHOWN:
        cli.say(f"! and {len(report.problems) - SHOWN} more; --json prints all")
    if report.missing_files:
        cli.say(f"{report.missing_files} artifact folder(s) are not on this machine; --artifact-root names a server's.")
    plain = {
        "dry_run": dry,
        **{name: dict(getattr(report, name)) for name in ("found", "brought", "present")},
        "missing_files": report.missing_files,
        "problems": report.problems,
    }
    cli.out(plain, rows=rows, columns=["kind", "found"] if dry else ["kind", "found", "new", "there already"])
