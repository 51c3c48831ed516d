"""`hookline verify`: prove that a run is complete."""

import click
from attrs import asdict

from hookline.cli.context import CliContext, only_reads, pass_cli
from hookline.cli.groups import NounCommand
from hookline.errors import DigestMismatch


@click.command(cls=NounCommand)
@click.argument("run_id")
@pass_cli
@only_reads
def verify(cli: CliContext, run_id: str) -> None:
    """Prove that a run is complete: no record is missing, every point and every model is what was logged.

    The exit code is 1 where something is missing or differs.
    """
    found = cli.workspace.runs.verify(run_id)
    said = [
        f"run {found.run_id}: {_many(found.points, 'point')} of {_many(found.writers, 'writer')}, "
        f"{_many(found.models, 'model')}",
        *(f"note: {each}" for each in found.notes),
        "complete" if not found.problems else "",
    ]
    cli.out(asdict(found), text="\n".join(each for each in said if each))
    if found.problems:
        raise DigestMismatch("The run is not complete:\n" + "\n".join(f"  - {each}" for each in found.problems))


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
