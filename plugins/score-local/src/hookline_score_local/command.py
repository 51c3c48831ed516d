"""`hookline models predict`: a row of predictions for each row of a file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import click

from hookline.cli.context import CliContext
from hookline.cli.groups import json_option
from hookline.system import terminations_interrupt
from hookline_score_local.files import open_reader, open_writer, reading, writing
from hookline_score_local.scoring import score
from hookline_score_local.tables import FORMATS, STREAM, Reader, format_of


@click.command("predict")
@click.argument("uri")
@click.option("--input", "-i", "source", default=STREAM, metavar="FILE", help="The rows; - is stdin.")
@click.option("--output", "-o", "target", default=STREAM, metavar="FILE", help="The predictions; - is stdout.")
@click.option("--format", "-f", type=click.Choice(FORMATS), help="Of the input; default its suffix.")
@click.option("--output-format", type=click.Choice(FORMATS), help="Default: its suffix, else the input's format.")
@click.option("--chunk-rows", type=click.IntRange(1), default=65536, show_default=True, help="Rows held in memory.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Write this column of the input as well; repeatable.")
@click.option("--allow-pickle", is_flag=True, help="Open the model's pickles, which runs the code they hold.")
@json_option
@click.pass_obj
def predict(
    cli: CliContext,
    uri: str,
    source: str,
    target: str,
    format: str | None,
    output_format: str | None,
    chunk_rows: int,
    keep: tuple[str, ...],
    allow_pickle: bool,
) -> None:
    """Predict for the rows of a file: CSV with a header, JSON lines or Parquet.

    URI names the model: a folder, runs:/ID/PATH, models:/NAME/VERSION or models:/NAME@ALIAS. The file is read a chunk
    at a time, so that its size does not matter; the output appears under its name when it is complete.
    """
    if source == STREAM and format is None:
        raise click.UsageError("Name the file of rows with --input FILE, or say with --format what stdin holds.")
    read_as = format_of(source, format, "--format")
    write_as = output_format or (read_as if target == STREAM else format_of(target, None, "--output-format"))
    with terminations_interrupt(), reading(source) as stream:
        model = cli.workspace.load_model(uri, allow_pickle=allow_pickle)
        schema = model.signature.inputs if model.signature is not None else None
        name = "stdin" if source == STREAM else source
        reader = open_reader(read_as, stream, name, schema, chunk_rows)
        with (
            writing(target) as output,
            _progress(reader) as progress,
            closing(open_writer(write_as, output, target)) as writer,
        ):
            rows = score(model, reader, writer, name, keep, progress)
    if target == STREAM:
        cli.say(f"{rows} predictions")
    else:
        cli.out({"rows": rows, "output": target}, text=f"{rows} predictions written to {target}")


@contextmanager
def _progress(reader: Reader) -> Iterator[Callable[[], None]]:
    """Show on a terminal how far a reader has come; elsewhere, and for a pipe, nothing."""
    if reader.length is None or not sys.stderr.isatty():
        yield lambda: None
        return
    with click.progressbar(length=reader.length, file=sys.stderr, label="Predicting") as bar:
        yield lambda: bar.update(reader.position - bar.pos)
