"""`hookline sync`: give the store what this machine, or another one, has logged."""

from pathlib import Path

import click

from hookline.cli.context import CliContext, pass_cli
from hookline.cli.groups import NounCommand
from hookline.errors import NotFound, Unavailable


@click.command(cls=NounCommand)
@click.argument("path", required=False, type=click.Path(file_okay=False, path_type=Path))
@pass_cli
def sync(cli: CliContext, path: Path | None) -> None:
    """Give the store what was logged and is not there yet; it happens by itself wherever Hookline is used.

    \b
    hookline sync                     what this machine has logged
    hookline sync /mnt/usb/journals   what another machine has logged: a copy of its folder of journals

    The exit code is 1 where the store is away or refused something.
    """
    if path is not None and not path.is_dir():
        raise NotFound(f"There is no folder {str(path)!r}.")
    journals = cli.workspace.journals
    found = [{"run_id": run_id, "records": records} for run_id, records in journals.deliver(path or journals.root)]
    journals.catch_up()  # which also ends the runs whose process is gone, and removes what is stored for good
    waiting = journals.waiting() if path is None else []
    cli.out({"delivered": found, "waiting": waiting}, text=_said(found, path or journals.root))
    if waiting:
        raise Unavailable(f"Not everything could be stored: {waiting[0]}")


def _said(found: list[dict[str, object]], folder: Path) -> str:
    if not found:
        return f"There is nothing to deliver in {folder}."
    return "\n".join(f"{each['run_id']}: {each['records']} records are stored." for each in found)
