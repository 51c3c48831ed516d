"""`hookline run`: run a project, follow it to its end, and say what to do next."""

import contextlib
import sys
from typing import Any

import click

from hookline.cli.context import CliContext, pass_cli
from hookline.cli.groups import NounCommand
from hookline.cli.next_commands import next_commands
from hookline.cli.options import experiment_names, mapping_or_file, offered, pairs_option
from hookline.cli.output import write_pairs
from hookline.cli.run_views import run_summary
from hookline.cli.sweep import run_sweep, show_sweep
from hookline.entities import RunStatus
from hookline.errors import ExecutionFailed, InvalidValue
from hookline.projects import ProjectRun
from hookline.system import how_it_ended
from hookline.tables import printable


@click.command(cls=NounCommand)
@click.argument("uri")
@click.option("--entry-point", "-e", default="main", show_default=True, help="What to run: a name, or a file.")
@pairs_option(
    "--param", "-P", "parameters", help="A parameter; repeatable. Undeclared ones are passed on as --KEY VALUE."
)
@click.option("--version", metavar="REF", help="A branch, a tag or a commit, where the project is fetched.")
@click.option(
    "--backend",
    metavar="NAME",
    shell_complete=offered("project_backends"),
    help="Where it runs. Default: on this machine, in a container where its environment is an image.",
)
@click.option(
    "--backend-config",
    metavar="FILE|JSON",
    callback=mapping_or_file,
    help="Options of the backend, in a file or as JSON.",
)
@pairs_option("--option", "-o", "options", help="One option of the backend, on top of --backend-config; repeatable.")
@click.option(
    "--env",
    "environment",
    metavar="NAME",
    shell_complete=offered("environments"),
    help="How its dependencies are installed. Default: this Python as it is, unless the project needs another kind.",
)
@click.option(
    "--experiment", "experiment_name", metavar="NAME", shell_complete=experiment_names, help="Made if missing."
)
@click.option("--run-name", metavar="NAME", help="Default: a made-up one.")
@click.option(
    "--parallel",
    type=click.IntRange(1),
    metavar="N",
    help="Run every combination of values with commas between them (-P alpha=0.1,0.2), N at a time, below one run.",
)
@click.option("--allow-shell", is_flag=True, help="Run a command that has shell syntax with bash, every value quoted.")
@pass_cli
def run(
    cli: CliContext,
    /,
    backend_config: dict[str, Any],
    options: dict[str, str],
    parallel: int | None,
    **given: Any,
) -> None:
    """Run a project - a folder, a zip archive or a git URL - and track it.

    \b
    hookline run examples/diabetes -P alpha=0.05
    hookline run https://example.com/team/project.git#training --version v2 -e evaluate
    hookline run examples/diabetes -P alpha=0.01,0.05,0.1 --parallel 2

    The exit code is 0 where the run finished, 1 where it failed, 130 where Ctrl-C ended it.
    """
    output = contextlib.redirect_stdout(sys.stderr) if cli.as_json else contextlib.nullcontext()
    if parallel is not None:
        with output:
            sweep = run_sweep(cli, parallel, backend_options={**backend_config, **options}, **given)
        show_sweep(cli, sweep)
        return
    with output, _started(cli, {**given, "backend_options": {**backend_config, **options}}) as started:
        _follow(cli, started)
    _show(cli, started)


@click.command(cls=NounCommand)
@click.argument("run_id")
@pass_cli
def attach(cli: CliContext, run_id: str) -> None:
    """Take over the command of a run whose `hookline run` is gone, and follow it to its end.

    It prints all that the command has written, and will write; the run is RUNNING again, and then ends as the command
    does. Containers live on so; a process of this machine does not, and has to be run again.
    """
    output = contextlib.redirect_stdout(sys.stderr) if cli.as_json else contextlib.nullcontext()
    with output, cli.workspace.projects.attach(run_id) as taken:
        _follow(cli, taken)
    _show(cli, taken)


def _started(cli: CliContext, options: dict[str, Any]) -> ProjectRun:
    try:
        return cli.workspace.projects.run(**options)
    except InvalidValue as error:
        if any("," in value for value in options["parameters"].values()):
            raise InvalidValue(f"{error} To run it with each of several values, add --parallel N.") from error
        raise


def _follow(cli: CliContext, started: ProjectRun) -> None:
    cli.say(f"run: {started.run_id} ({started.run.info.run_name})")
    try:
        started.wait(check=False)
    except KeyboardInterrupt:
        cli.say(f"The run {started.run_id} is KILLED.")
        raise
    finally:
        for stream in (sys.stdout, sys.stderr):  # what the command wrote comes before what is said of it
            stream.flush()


def _show(cli: CliContext, started: ProjectRun) -> None:
    run = cli.workspace.runs.get(started.run_id)
    if cli.as_json:
        cli.out(run)
    else:
        click.echo()
        write_pairs(run_summary(run))
        models = cli.workspace.runs.files.models(run.info)
        click.echo("\nNext:\n" + "\n".join(f"  {printable(each)}" for each in next_commands(cli, run, list(models))))
    if run.info.status is not RunStatus.FINISHED:
        code = started.job.returncode
        ended = f" The command {how_it_ended(code)}." if code else ""
        ended += f" {started.job.reason}" if started.job.reason else ""
        raise ExecutionFailed(f"The run {run.info.run_id} is {run.info.status.value}.{ended}")
