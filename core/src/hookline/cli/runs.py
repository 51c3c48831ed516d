"""`hookline runs`: find, show, compare and change runs."""

import click

from hookline.cli.context import CliContext, only_reads, pass_cli
from hookline.cli.groups import PluginGroup
from hookline.cli.next_commands import no_match, program
from hookline.cli.options import experiment_names, find_experiment, first, pairs, search_options, view_option
from hookline.cli.output import NO_DIFFERENCE
from hookline.cli.run import attach
from hookline.cli.run_views import as_csv, compared_rows, comparison, run_columns, run_fields, run_rows, short_ids
from hookline.documents import to_plain
from hookline.entities import Batch, RunChange, RunRecord, ViewType


@click.group(cls=PluginGroup)
def runs() -> None:
    """Find, show, compare and change runs. A run is named by its id, or by the first digits of it."""


@runs.command()
@search_options
@view_option
@click.option(
    "--experiment",
    "experiments",
    multiple=True,
    metavar="NAME",
    shell_complete=experiment_names,
    help="Name or id of an experiment to look in; repeatable. Default: all.",
)
@click.option("--columns", metavar="NAMES", help="Which columns, with commas: run_id,metrics.rmse,params.alpha")
@click.option("--csv", is_flag=True, help="Print comma-separated values.")
@pass_cli
@only_reads
def search(
    cli: CliContext,
    filter: str | None,
    order_by: tuple[str, ...],
    max_results: int,
    view: ViewType,
    experiments: tuple[str, ...],
    columns: str | None,
    csv: bool,
) -> None:
    """Print the runs that a filter asks for, by default the newest first.

    \b
    hookline runs search "metrics.rmse < 80 and params.alpha = '0.05'" --order-by "metrics.rmse ASC"
    """
    ids = [find_experiment(cli.workspace, each).experiment_id for each in experiments] or None
    found = cli.workspace.search_runs(
        filter, experiment_ids=ids, order_by=order_by, view=view, max_results=max_results + 1
    )
    shown = first(found, max_results, cli)
    names = run_columns(shown, columns, " ".join([filter or "", *order_by]))
    narrowed = bool(filter or experiments) or view is not ViewType.ACTIVE_ONLY
    nothing = no_match(cli, "runs", "runs list --view all", narrowed=narrowed, make="run PROJECT")
    if csv:
        if not shown:
            cli.say(nothing)
        click.echo(as_csv(run_rows(shown), names), nl=False, color=True)  # as it is
    else:
        cli.out(list(shown), rows=run_rows(shown), columns=names, nothing=nothing)


runs.add_command(search, "list")
runs.add_command(attach)


@runs.command()
@click.argument("run_id")
@pass_cli
@only_reads
def show(cli: CliContext, run_id: str) -> None:
    """Print all that is known of a run: status, times, params, latest metrics, tags, datasets, models."""
    run = cli.workspace.runs.get(run_id)
    runs = cli.workspace.runs
    models, refused = runs.files.models(run.info), runs.refused(run.info.run_id)
    cli.out(run if cli.as_json else run_fields(run, models, refused))


@runs.command()
@click.argument("run_id")
@click.argument("key")
@pass_cli
@only_reads
def history(cli: CliContext, run_id: str, key: str) -> None:
    """Print every point of a metric, in the order of their times."""
    run = cli.workspace.runs.get(run_id)
    points = cli.workspace.runs.metrics(run.info.run_id, key)
    known = ", ".join(sorted(run.data.metrics)) or "none"
    nothing = f"The run has no metric {key!r}; it has: {known}."
    cli.out(points, rows=[to_plain(each) for each in points], columns=["step", "timestamp", "value"], nothing=nothing)


@runs.command()
@click.argument("run_ids", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="Show also what is equal in all, and the load of the system.")
@pass_cli
@only_reads
def compare(cli: CliContext, run_ids: tuple[str, ...], everything: bool) -> None:
    """Print runs side by side: the attributes, metrics and params in which they differ."""
    found = _named(cli, run_ids)
    if len(found) < 2:
        one = f"{program(cli)} runs show {found[0].info.run_id}"
        raise click.UsageError(f"Two runs or more are compared. To see one: {one}")
    heads = short_ids([run.info.run_id for run in found])
    rows = compared_rows(found, heads, everything)
    cli.out(comparison(found), rows=rows, columns=["what", *heads], nothing=NO_DIFFERENCE)


@runs.command()
@click.argument("run_id")
@click.argument("name")
@pass_cli
def rename(cli: CliContext, run_id: str, name: str) -> None:
    """Give a run another name."""
    if not name.strip():
        raise click.BadParameter("a name is a text that is not empty.", param_hint="NAME")
    run = cli.workspace.runs.get(run_id)
    info = cli.workspace.runs.update(run.info.run_id, RunChange(run_name=name))
    cli.out(info, text=f"The run {info.run_id} is now called {name!r}.")


@runs.command()
@click.argument("run_ids", nargs=-1, required=True)
@pass_cli
def delete(cli: CliContext, run_ids: tuple[str, ...]) -> None:
    """Mark runs deleted; `restore` brings them back."""
    found = [run.info.run_id for run in _named(cli, run_ids)]
    for run_id in found:
        cli.workspace.runs.delete(run_id)
    restore = f"{program(cli)} runs restore {' '.join(found)}"
    cli.out(found, text=f"Deleted: {', '.join(found)}. To bring back: {restore}")


@runs.command()
@click.argument("run_ids", nargs=-1, required=True)
@pass_cli
def restore(cli: CliContext, run_ids: tuple[str, ...]) -> None:
    """Bring deleted runs back."""
    found = [run.info.run_id for run in _named(cli, run_ids)]
    for run_id in found:
        cli.workspace.runs.restore(run_id)
    cli.out(found, text=f"Restored: {', '.join(found)}.")


@runs.group()
def tag() -> None:
    """Set and remove tags of a run."""


@tag.command("set")
@click.argument("run_id")
@click.argument("tags", nargs=-1, required=True, metavar="KEY=VALUE...", callback=pairs)
@pass_cli
def set_tags(cli: CliContext, run_id: str, tags: dict[str, str]) -> None:
    """Set tags, all or none; the last value of a tag wins."""
    run = cli.workspace.runs.get(run_id)
    cli.workspace.tracking.log_batch(run.info.run_id, Batch(tags=tags))
    cli.out(tags, text=f"Set on the run {run.info.run_id}: {', '.join(tags)}.")


@tag.command("delete")
@click.argument("run_id")
@click.argument("key")
@pass_cli
def delete_tag(cli: CliContext, run_id: str, key: str) -> None:
    """Remove a tag."""
    run = cli.workspace.runs.get(run_id)
    cli.workspace.tracking.delete_tag(run.info.run_id, key)
    cli.out({"run_id": run.info.run_id, "key": key}, text=f"Removed from the run {run.info.run_id}: {key}.")


def _named(cli: CliContext, run_ids: tuple[str, ...]) -> list[RunRecord]:
    """Return the runs, each once; where one is not there nothing is done to the others."""
    found = [cli.workspace.runs.get(each) for each in run_ids]
    return list({run.info.run_id: run for run in found}.values())
