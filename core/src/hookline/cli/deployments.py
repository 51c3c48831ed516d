"""`hookline deployments`: models that answer somewhere, at the targets that plugins offer."""

from typing import Any, BinaryIO

import click

from hookline.cli.context import CliContext, only_reads, pass_cli
from hookline.cli.groups import PluginGroup
from hookline.cli.next_commands import no_match
from hookline.cli.options import completing, confirmed, offered, pairs_option
from hookline.cli.output import moment, write_json
from hookline.cli.scoring_input import JSON, read_input
from hookline.entities import Deployment, DeploymentStatus
from hookline.errors import ExecutionFailed, Unavailable

COLUMNS = ["name", "target", "status", "endpoint", "model_uri", "created", "message"]


def _everywhere(cli: CliContext) -> tuple[list[Deployment], list[str]]:
    """Return the deployments of all targets, and what is to be said of targets that cannot be reached now."""
    found: list[Deployment] = []
    away = []
    for target in cli.plugins.providers("deployment_targets"):
        try:
            found += cli.workspace.deployments.list(target.name)
        except Unavailable as error:
            away.append(f"The target {target.name!r} cannot be asked: {error}")
    return found, away


deployment_names = completing(lambda cli: [(each.name, each.model_uri) for each in _everywhere(cli)[0]])
by_name = click.argument("name", shell_complete=deployment_names)
at_target = click.option(
    "--target",
    "-t",
    default="local",
    show_default=True,
    metavar="TARGET",
    shell_complete=offered("deployment_targets"),
    help="Where it is deployed.",
)
config_option = pairs_option("--config", "-c", "config", help="A setting that the target knows; repeatable.")
allow_pickle = click.option("--allow-pickle", is_flag=True, help="Open the model's pickles, whose code is then run.")


@click.group(cls=PluginGroup)
def deployments() -> None:
    """Models that answer somewhere."""


@deployments.command()
@click.argument("name")
@click.option("--model", "-m", "uri", required=True, metavar="URI", help="The model, such as models:/wine@champion.")
@at_target
@config_option
@allow_pickle
@pass_cli
def create(cli: CliContext, name: str, uri: str, target: str, config: dict[str, str], allow_pickle: bool) -> None:
    """Deploy a model under a new name, and return when it answers."""
    _show(cli, cli.workspace.deployments.create(target, name, uri, config, allow_pickle=allow_pickle))


@deployments.command()
@by_name
@click.option("--model", "-m", "uri", metavar="URI", help="The model to take instead; default: the present one.")
@at_target
@config_option
@allow_pickle
@pass_cli
def update(
    cli: CliContext, name: str, uri: str | None, target: str, config: dict[str, str], allow_pickle: bool
) -> None:
    """Replace the model or settings of a deployment; where that fails the old one goes on answering."""
    _show(cli, cli.workspace.deployments.update(target, name, uri, config, allow_pickle=allow_pickle))


@deployments.command("list")
@click.option("--target", "-t", metavar="TARGET", shell_complete=offered("deployment_targets"), help="Default: all.")
@pass_cli
@only_reads
def list_deployments(cli: CliContext, target: str | None) -> None:
    """Print the deployments as they stand now. Where a target cannot be asked, say so and fail after that."""
    found, away = (list(cli.workspace.deployments.list(target)), []) if target else _everywhere(cli)
    make = "deployments create NAME -m models:/MODEL/VERSION"
    nothing = no_match(cli, "deployments", "deployments list", narrowed=bool(target), make=make)
    cli.out(found, rows=[_row(each) for each in found], columns=COLUMNS, nothing=nothing)
    if away:
        raise Unavailable(" ".join(away))


@deployments.command()
@by_name
@at_target
@pass_cli
@only_reads
def show(cli: CliContext, name: str, target: str) -> None:
    """Print how a deployment stands now."""
    found = cli.workspace.deployments.get(target, name)
    cli.out(found if cli.as_json else {**_row(found), "config": found.config})


@deployments.command()
@by_name
@at_target
@confirmed("A deleted deployment cannot be restored. Delete it?")
@pass_cli
def delete(cli: CliContext, name: str, target: str) -> None:
    """Stop and remove a deployment."""
    cli.workspace.deployments.get(target, name)
    cli.workspace.deployments.delete(target, name)
    cli.out({"name": name, "target": target}, text=f"Deleted the deployment {name!r}.")


@deployments.command()
@by_name
@at_target
@click.option(
    "--input", "-i", "file", type=click.File("rb"), metavar="FILE", help="JSON, CSV with a header, Parquet; - is stdin."
)
@click.option("--body", metavar="JSON", help="The JSON itself.")
@pass_cli
@only_reads
def predict(cli: CliContext, name: str, target: str, file: BinaryIO | None, body: str | None) -> None:
    """Ask a deployment and print its answer, as JSON. It is asked in MLflow's scoring protocol.

    \b
    hookline deployments predict wine --body '{"inputs": [[1.0, 2.0]]}'
    hookline deployments predict wine -i rows.csv
    """
    deployments = cli.workspace.deployments
    given = read_input(file, body)
    if given.media_type == JSON:
        write_json(deployments.predict(target, name, given.value()))
    else:
        write_json(deployments.predict_body(target, name, given.body, given.media_type))


def _show(cli: CliContext, found: Deployment) -> None:
    cli.out(found if cli.as_json else _row(found))
    if found.status is DeploymentStatus.FAILED:
        raise ExecutionFailed(f"The deployment {found.name!r} failed: {found.message}")


def _row(found: Deployment) -> dict[str, Any]:
    plain = {name: getattr(found, name) for name in ("name", "target", "endpoint", "model_uri", "message")}
    return {**plain, "status": found.status.value, "created": moment(found.creation_time)}
