"""`hookline report`: an experiment's page as one file."""

from pathlib import Path

import click

from hookline.cli.context import CliContext, only_reads, pass_cli
from hookline.cli.options import experiment_names, find_experiment
from hookline_ui.report import Extent, report_of, write_whole


@click.command("report")
@click.argument("experiment", metavar="NAME_OR_ID", shell_complete=experiment_names)
@click.option(
    "--output",
    "-o",
    default="report.html",
    show_default=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Written whole, or not at all.",
)
@click.option("--runs", type=click.IntRange(1), default=1000, show_default=True, help="At most so many, the newest.")
@click.option("--metrics", metavar="KEY,...", help="Chart these only. Default: all.")
@click.option(
    "--points", type=click.IntRange(2, 10_000), default=300, show_default=True, help="At most so many a line."
)
@click.option(
    "--max-bytes", type=click.IntRange(1), default=50_000_000, show_default=True, help="The greatest size of the file."
)
@pass_cli
@only_reads
def report(
    cli: CliContext, experiment: str, output: Path, runs: int, metrics: str | None, points: int, max_bytes: int
) -> None:
    """Write the web page of an experiment into one file, with its data inside.

    It opens from disk, without a server and without the internet: runs, charts, comparisons. Artifacts and models are
    not in it, and nothing in it can be changed.
    """
    found = find_experiment(cli.workspace, experiment)
    chosen = None if metrics is None else [each.strip() for each in metrics.split(",") if each.strip()]
    content = report_of(cli.workspace, found, Extent(runs, chosen, points, max_bytes))
    write_whole(output, content)
    said = {"file": str(output), "bytes": len(content)}
    cli.out(said, text=f"Wrote {output} ({len(content) / 1e6:.1f} MB). Open it in a browser.")
