"""`hookline experiments`: find, make and change experiments."""

from typing import Any

import click

from hookline.cli.context import CliContext, only_reads, pass_cli
from hookline.cli.groups import PluginGroup
from hookline.cli.next_commands import no_match, program
from hookline.cli.options import (
    check_there,
    experiment_names,
    find_experiment,
    first,
    pairs,
    pairs_option,
    search_options,
    view_option,
)
from hookline.cli.output import moment
from hookline.entities import Experiment, ViewType

COLUMNS = ["experiment_id", "name", "stage", "created", "artifact_location"]
by_name = click.argument("experiment", metavar="NAME_OR_ID", shell_complete=experiment_names)


@click.group(cls=PluginGroup)
def experiments() -> None:
    """Experiments, which runs are kept in. One is named by its name, or by its id."""


@experiments.command()
@search_options
@view_option
@pass_cli
@only_reads
def search(cli: CliContext, filter: str | None, order_by: tuple[str, ...], max_results: int, view: ViewType) -> None:
    """Print the experiments that a filter such as "name LIKE 'team/%'" asks for; default: all, the newest first."""
    found = cli.workspace.experiments.search(filter, order_by=order_by, view=view, max_results=max_results + 1)
    shown = first(found, max_results, cli)
    narrowed = bool(filter) or view is not ViewType.ACTIVE_ONLY
    search_all, make = "experiments list --view all", "experiments create NAME"
    nothing = no_match(cli, "experiments", search_all, narrowed=narrowed, make=make)
    cli.out(shown, rows=[_row(each) for each in shown], columns=COLUMNS, nothing=nothing)


experiments.add_command(search, "list")


@experiments.command()
@click.argument("name")
@click.option(
    "--artifact-location", metavar="URI", help="Where its runs keep their files; default: the artifact store."
)
@pairs_option("--tag", "tags", help="A tag of the experiment; repeatable.")
@pass_cli
def create(cli: CliContext, name: str, artifact_location: str | None, tags: dict[str, str]) -> None:
    """Make an experiment."""
    made = cli.workspace.experiments.create(name, artifact_location=artifact_location, tags=tags)
    cli.out(made, text=f"Made the experiment {name!r} with the id {made.experiment_id}.")


@experiments.command()
@by_name
@pass_cli
@only_reads
def show(cli: CliContext, experiment: str) -> None:
    """Print all that is known of an experiment."""
    found = find_experiment(cli.workspace, experiment)
    cli.out(found if cli.as_json else {**_row(found), "tags": found.tags})


@experiments.command()
@by_name
@click.argument("new_name")
@pass_cli
def rename(cli: CliContext, experiment: str, new_name: str) -> None:
    """Give an experiment another name."""
    found = find_experiment(cli.workspace, experiment)
    changed = cli.workspace.experiments.rename(found.experiment_id, new_name)
    cli.out(changed, text=f"The experiment {found.experiment_id} is now called {new_name!r}.")


@experiments.command()
@by_name
@pass_cli
def delete(cli: CliContext, experiment: str) -> None:
    """Mark an experiment and its runs deleted; `restore` brings them back."""
    found = find_experiment(cli.workspace, experiment)
    cli.workspace.experiments.delete(found.experiment_id)
    restore = f"{program(cli)} experiments restore {found.experiment_id}"
    text = f"Deleted the experiment {found.name!r}. To bring it back: {restore}"
    cli.out(cli.workspace.experiments.get(found.experiment_id), text=text)


@experiments.command()
@by_name
@pass_cli
def restore(cli: CliContext, experiment: str) -> None:
    """Bring a deleted experiment back, with all its runs."""
    found = find_experiment(cli.workspace, experiment)
    cli.workspace.experiments.restore(found.experiment_id)
    text = f"Restored the experiment {found.name!r}."
    cli.out(cli.workspace.experiments.get(found.experiment_id), text=text)


@experiments.group()
def tag() -> None:
    """Set and remove tags of an experiment."""


@tag.command("set")
@by_name
@click.argument("tags", nargs=-1, required=True, metavar="KEY=VALUE...", callback=pairs)
@pass_cli
def set_tags(cli: CliContext, experiment: str, tags: dict[str, str]) -> None:
    """Set tags; the last value of a tag wins."""
    found = find_experiment(cli.workspace, experiment)
    changed = cli.workspace.experiments.set_tags(found.experiment_id, tags)
    cli.out(changed, text=f"Set on the experiment {found.name!r}: {', '.join(tags)}.")


@tag.command("delete")
@by_name
@click.argument("key")
@pass_cli
def delete_tag(cli: CliContext, experiment: str, key: str) -> None:
    """Remove a tag."""
    found = find_experiment(cli.workspace, experiment)
    check_there("tag", key, found.tags)
    changed = cli.workspace.experiments.delete_tag(found.experiment_id, key)
    cli.out(changed, text=f"Removed from the experiment {found.name!r}: {key}.")


def _row(experiment: Experiment) -> dict[str, Any]:
    return {
        "experiment_id": experiment.experiment_id,
        "name": experiment.name,
        "stage": experiment.lifecycle_stage.value,
        "created": moment(experiment.creation_time),
        "artifact_location": experiment.artifact_location,
    }
