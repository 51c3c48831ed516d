"""`hookline gc`: delete for good what is marked deleted."""

from collections import Counter

import click

from hookline.cli.context import CliContext, pass_cli
from hookline.cli.groups import NounCommand
from hookline.cli.options import confirm, duration
from hookline.entities import Purged
from hookline.housekeeping import Waste

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@click.command(cls=NounCommand)
@click.option(
    "--older-than",
    default="0s",
    callback=duration,
    metavar="TIME",
    help="Only what was marked deleted so long ago: 30d, 12h, 1d12h. Default: all.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@pass_cli
def gc(cli: CliContext, older_than: int, dry_run: bool, yes: bool) -> None:
    """Delete for good what is marked deleted: runs, logged models, experiments with all their runs, and all files.

    \b
    hookline gc --older-than 30d --dry-run
    hookline gc --older-than 30d --yes

    What a version of a registered model refers to stays. Files that a killed program left half written in the
    workspace's own artifact store go as well, once nobody has written to them for a day. The files that are printed as
    freed are those of the artifact store; the database uses the room of what is gone again, and becomes no smaller.
    """
    found = cli.workspace.housekeeping.find(older_than)
    if not dry_run and found.things and not yes:
        confirm(f"Delete for good: {_amount(found)}?")
    is_clean = not found.things and not found.unfinished_files
    gone = found if dry_run or is_clean else cli.workspace.housekeeping.delete(found)
    for each in gone.kept:
        cli.say(f"kept: {each.thing.kind} {each.thing.id}: {each.reason}")
    verb = "Would delete" if dry_run else "Deleted"
    if gone.unfinished_files:
        files = f"{_counted(gone.unfinished_files, 'file')}, {_size(gone.unfinished_bytes)}"
        cli.say(f"{verb} what killed programs left half written: {files}.")
    cli.out({"dry_run": dry_run, **_plain(gone)}, text=f"{verb} for good: {_amount(gone)}.")


def _plain(waste: Waste) -> dict[str, object]:
    return {
        "deleted": [_named(each) for each in waste.things],
        "kept": [{**_named(each.thing), "reason": each.reason} for each in waste.kept],
        "files": waste.files,
        "bytes": waste.bytes,
        "unfinished": {"files": waste.unfinished_files, "bytes": waste.unfinished_bytes},
    }


def _named(thing: Purged) -> dict[str, str]:
    return {"kind": thing.kind.value, "id": thing.id}


def _amount(waste: Waste) -> str:
    """Return what goes as a person reads it, such as `2 runs, 1 experiment; 3 files, 1.2 MB`."""
    kinds = Counter(each.kind.value for each in waste.things)
    things = ", ".join(_counted(count, kind) for kind, count in kinds.items()) or "nothing"
    return f"{things}; {_counted(waste.files, 'file')}, {_size(waste.bytes)}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _size(size: float) -> str:
    if size < 1000:
        return _counted(int(size), "byte")
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}"
