"""`hookline run --parallel`: every combination of values, and a table of how they ended."""

import re
from collections.abc import Mapping
from typing import Any

import click

from hookline.cli.context import CliContext
from hookline.cli.next_commands import program, shell_word
from hookline.cli.output import write_table
from hookline.cli.run_views import run_columns, run_rows
from hookline.entities import RunStatus
from hookline.errors import ExecutionFailed
from hookline.projects import ProjectRun
from hookline.projects.sweeps import Sweep

_COMMA = re.compile(r"(?<!\\),")


def values_of(text: str) -> list[str]:
    """Return the values of a text with commas between them; `\\,` is a comma of a value."""
    return [each.replace("\\,", ",") for each in _COMMA.split(text)]


def run_sweep(cli: CliContext, parallel: int, *, uri: str, parameters: Mapping[str, str], **options: Any) -> Sweep:
    """Run a project for each combination, and say how each ended."""
    tried = {name: values_of(text) for name, text in parameters.items()}
    # What several write at once is no use to anybody on one terminal; it is kept with the runs.
    sweep = cli.workspace.projects.sweep(uri, tried, parallel=parallel, stream=parallel == 1, **options)
    count, done = len(sweep.planned), 0
    cli.say(f"run: {sweep.run_id} ({sweep.run.info.run_name}), {count} below it, {min(parallel, count)} at a time")

    def ended(child: ProjectRun, status: RunStatus) -> None:
        nonlocal done
        done += 1
        cli.say(f"{done}/{count} {child.run_id} {status.value}")

    try:
        sweep.wait(ended)
    except KeyboardInterrupt:
        cli.say(f"The run {sweep.run_id} is KILLED.")
        raise
    return sweep


def show_sweep(cli: CliContext, sweep: Sweep) -> None:
    """Print the runs of a sweep that has ended; raises `ExecutionFailed` where one of them has not finished."""
    question = f"tags.mlflow.parentRunId = '{sweep.run_id}'"
    runs = cli.workspace.runs.search(question, order_by=["start_time ASC"], max_results=None)
    parent = cli.workspace.runs.get(sweep.run_id)
    if cli.as_json:
        cli.out({"run": parent, "children": list(runs)})
    else:
        tried = " ".join(f"params.{name}" for name in sweep.planned[0])
        click.echo()
        write_table(run_rows(runs), run_columns(runs, None, tried))
        click.echo(f"\nNext:\n  {program(cli)} runs search {shell_word(question)}")
    if parent.info.status is not RunStatus.FINISHED:
        status = parent.info.status.value
        raise ExecutionFailed(f"The run {sweep.run_id} is {status}: not every run below it has finished.")
