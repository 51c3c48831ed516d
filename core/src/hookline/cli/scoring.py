"""`hookline models score`: a row of predictions for each row of a file."""

import click

from hookline.cli.bars import Bar
from hookline.cli.context import CliContext, only_reads, pass_cli
from hookline.cli.options import offered, pairs_option
from hookline.entities import ScoringJob
from hookline.entities.scoring import SCORING_FORMATS, STREAM
from hookline.scoring import format_of
from hookline.system import terminations_interrupt


@click.command("score")
@click.argument("uri")
@click.option(
    "--engine",
    "-e",
    default="local",
    show_default=True,
    metavar="ENGINE",
    shell_complete=offered("scoring_engines"),
    help="What computes them.",
)
@click.option("--input", "-i", "source", default=STREAM, metavar="FILE", help="The rows; - is stdin.")
@click.option("--output", "-o", "target", default=STREAM, metavar="FILE", help="The predictions; - is stdout.")
@click.option("--format", "-f", type=click.Choice(SCORING_FORMATS), help="Of the input; default its suffix.")
@click.option(
    "--output-format",
    type=click.Choice(SCORING_FORMATS),
    help="Default: its suffix, else the input's format.",
)
@click.option(
    "--chunk-rows", type=click.IntRange(1), default=65536, show_default=True, help="Rows that a model is given at once."
)
@click.option("--keep", multiple=True, metavar="COLUMN", help="Write this column of the input as well; repeatable.")
@pairs_option("--config", "-c", "config", help="A setting that the engine knows; repeatable.")
@click.option("--allow-pickle", is_flag=True, help="Open the model's pickles, which runs the code they hold.")
@pass_cli
@only_reads
def score(
    cli: CliContext,
    uri: str,
    engine: str,
    source: str,
    target: str,
    format: str | None,
    output_format: str | None,
    chunk_rows: int,
    keep: tuple[str, ...],
    config: dict[str, str],
    allow_pickle: bool,
) -> None:
    """Predict for the rows of a file: CSV with a header, JSON lines or Parquet.

    URI names the model: a folder, runs:/ID/PATH, models:/NAME/VERSION or models:/NAME@ALIAS. The output appears under
    its name when it is complete.

    \b
    hookline models score models:/wine@champion -i wines.csv -o kinds.csv
    zcat rows.csv.gz | hookline models score ./model --format csv > predictions.csv
    """
    if source == STREAM and format is None:
        raise click.UsageError("Name the file of rows with --input FILE, or say with --format what stdin holds.")
    read_as = format_of(source, format, "--format")
    write_as = output_format or (read_as if target == STREAM else format_of(target, None, "--output-format"))
    job = ScoringJob(source, target, read_as, write_as, keep, chunk_rows, config)
    with terminations_interrupt(), Bar("Predicting", hidden=cli.quiet) as bar:
        rows = cli.workspace.scoring.score(uri, job, engine=engine, allow_pickle=allow_pickle, progress=bar.reached)
    if target == STREAM:
        cli.say(f"{rows} predictions")
    else:
        cli.out({"rows": rows, "output": target}, text=f"{rows} predictions written to {target}")
