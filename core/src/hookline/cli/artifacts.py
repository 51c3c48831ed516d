"""`hookline artifacts`: the files of runs."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from hookline.cli.bars import Bar
from hookline.cli.context import CliContext, only_reads, pass_cli
from hookline.cli.groups import PluginGroup
from hookline.cli.next_commands import no_match, program, shell_word
from hookline.cli.output import on_terminal
from hookline.entities import FileInfo, RunInfo
from hookline.errors import InvalidState, NotFound
from hookline.run_files import RunFiles
from hookline.tables import printable

BLOCK = 1 << 16
run_id = click.argument("run_id")


@click.group(cls=PluginGroup)
def artifacts() -> None:
    """Files of runs; the models that a run logged appear as folders among them."""


@artifacts.command("list")
@run_id
@click.argument("path", required=False)
@click.option("--recursive", "-r", is_flag=True, help="List every file below, not only what lies directly there.")
@pass_cli
@only_reads
def list_files(cli: CliContext, run_id: str, path: str | None, recursive: bool) -> None:
    """Print the files and folders directly below a folder of a run."""
    runs = cli.workspace.runs
    info = runs.get(run_id).info
    found = list(_walk(runs.files, info, path)) if recursive else list(runs.files.list(info, path))
    rows = [{"path": f"{each.path}/" if each.is_dir else each.path, "bytes": each.file_size} for each in found]
    search_all, make = f"artifacts list {info.run_id} -r", f"artifacts log {info.run_id} FILE"
    nothing = no_match(cli, "files", search_all, narrowed=bool(path), make=make)
    cli.out(found, rows=rows, columns=["path", "bytes"], nothing=nothing)


@artifacts.command()
@run_id
@click.argument("path", required=False)
@click.option(
    "--destination",
    "-d",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="The local folder to write below; made where it is not there.",
)
@pass_cli
@only_reads
def download(cli: CliContext, run_id: str, path: str | None, destination: Path) -> None:
    """Write a file or folder of a run, or all its files, below a local folder."""
    try:
        with Bar("Downloading", hidden=cli.quiet) as bar:
            written = cli.workspace.runs.download_artifacts(run_id, path, destination, bar)
    except NotFound as error:
        raise _missing(cli, run_id, path) from error
    cli.out({"path": written}, text=f"Written: {written}")


@artifacts.command()
@run_id
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--to", "folder", metavar="PATH", help="The folder of the run to put it in; default: the root.")
@pass_cli
def log(cli: CliContext, run_id: str, file: Path, folder: str | None) -> None:
    """Add a local file, or a folder with its name, to the files of a run."""
    run = cli.workspace.runs.attached(run_id)
    with Bar("Uploading", hidden=cli.quiet) as bar:
        run.log_artifact(file, folder, bar)
    stored = "/".join(part for part in ((folder or "").rstrip("/"), file.name) if part)
    cli.out({"run_id": run.run_id, "path": stored}, text=f"Stored with the run {run.run_id}: {stored}")


@artifacts.command()
@run_id
@click.argument("path")
@pass_cli
@only_reads
def show(cli: CliContext, run_id: str, path: str) -> None:
    """Print a text file of a run. On a terminal control characters are shown, not obeyed."""
    location = cli.workspace.runs.files.locate(cli.workspace.runs.get(run_id).info, path)
    try:
        with location.store.open(location.key) as stream:
            for text in _texts(stream):
                click.echo(_harmless(text) if on_terminal() else text, nl=False, color=True)  # as it is
    except NotFound as error:
        raise _missing(cli, run_id, path) from error
    except UnicodeDecodeError as error:
        command = f"{program(cli)} artifacts download {run_id} {shell_word(path)}"
        raise InvalidState(f"{path!r} is no text. To get the file: {command}") from error


def _missing(cli: CliContext, run_id: str, path: str | None) -> NotFound:
    """Return the error about a file that a run does not have, or that is a folder."""
    runs = cli.workspace.runs
    info = runs.get(run_id).info
    listing = f"{program(cli)} artifacts list {info.run_id}"
    if path is None:
        return NotFound(f"The run {info.run_id} has no files.")
    if runs.files.list(info, path):
        return NotFound(f"{path!r} is a folder of the run. What it has: {listing} {shell_word(path)}")
    return NotFound(f"The run has no file {path!r}. What it has: {listing} -r")


def _walk(files: RunFiles, run: RunInfo, path: str | None) -> Iterator[FileInfo]:
    for each in files.list(run, path):
        if each.is_dir:
            yield from _walk(files, run, each.path)
        else:
            yield each


def _texts(stream: BinaryIO) -> Iterator[str]:
    """Yield a stream's text block by block, so that a log of any size can be shown."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    while block := stream.read(BLOCK):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _harmless(text: str) -> str:
    return "".join(each if each in "\n\t" else printable(each) for each in text)
