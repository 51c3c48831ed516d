"""Options and completions that several commands share."""

import re
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from hookline.cli.context import CliContext
from hookline.documents import parse_yaml, read_yaml
from hookline.entities import Experiment, ViewType
from hookline.errors import NotFound

if TYPE_CHECKING:
    from hookline.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])
S = TypeVar("S", bound=Sequence[Any])
Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
VIEWS = {"active": ViewType.ACTIVE_ONLY, "deleted": ViewType.DELETED_ONLY, "all": ViewType.ALL}

_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,8})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_UNITS = (86_400_000, 3_600_000, 60_000, 1000)


# Values --------------------------------------------------------------------------------------------------------------


def pairs(_ctx: click.Context, _param: click.Parameter, given: Iterable[str]) -> dict[str, str]:
    """Read the values of an option or argument that is repeated as KEY=VALUE; its callback."""
    found: dict[str, str] = {}
    for each in given:
        key, mark, value = each.partition("=")
        if not mark or not key:
            raise click.BadParameter(f"{each!r} is not of the form KEY=VALUE.")
        if key in found:
            raise click.BadParameter(f"{key!r} is given twice.")
        found[key] = value
    return found


def mapping_or_file(_ctx: click.Context, _param: click.Parameter, given: str | None) -> dict[str, Any]:
    """Read the value of an option that is a JSON object, or names a file of YAML or JSON; an option's callback."""
    if given is None:
        return {}
    in_place = given.lstrip().startswith("{")
    source = parse_yaml(given.encode(), Path("the given text")) if in_place else read_yaml(Path(given))
    if not isinstance(source.value, dict):
        raise click.BadParameter(f"{source.path}: expected keys and values, as a JSON object or as YAML.")
    return source.value


# Completion ----------------------------------------------------------------------------------------------------------


def completing(find: Callable[[CliContext], Iterable[tuple[str, str]]]) -> Completion:
    """Return a completion of the (name, summary) pairs that `find` returns; what fails completes nothing."""

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        cli = ctx.ensure_object(CliContext)
        cli.quiet = True
        try:
            with cli:
                return [
                    CompletionItem(name, help=summary) for name, summary in find(cli) if name.startswith(incomplete)
                ]
        except Exception:  # noqa: BLE001 - whatever it is, a message would land in the line that is being typed
            return []

    return complete


def offered(kind: str) -> Completion:
    """Return a completion of the names that plugins offer for a noun hook."""
    return completing(lambda cli: [(each.name, each.summary) for each in cli.plugins.providers(kind)])


plugin_names = completing(lambda cli: [(each.name, each.distribution) for each in cli.plugins.report()])
experiment_names = completing(lambda cli: [(each.name, "") for each in _stored(cli).experiments.search()])
model_names = completing(lambda cli: [(each.name, each.description) for each in _stored(cli).registry.search()])


def _stored(cli: CliContext) -> "Workspace":
    """Return the workspace; raises where opening it would make a new store, which pressing Tab must not."""
    if not cli.workspace.has_store:
        raise NotFound("There is no store here yet.")
    return cli.workspace


# Shared options ------------------------------------------------------------------------------------------------------


def search_options(command: F) -> F:
    """Add a filter argument, `--order-by` and `--max-results`, which every search takes."""
    for decorate in (
        click.option("--max-results", type=click.IntRange(1), default=1000, show_default=True, metavar="N"),
        click.option("--order-by", multiple=True, metavar="CLAUSE", help='Such as "metrics.rmse ASC"; repeatable.'),
        click.argument("filter", required=False),
    ):
        command = decorate(command)
    return command


def view_option(command: F) -> F:
    """Add `--view`, which gives the command a `ViewType`."""
    option = click.option(
        "--view",
        type=click.Choice(list(VIEWS)),
        default="active",
        show_default=True,
        callback=lambda _ctx, _param, value: VIEWS[value],
        help="Look at what is in use, at what is deleted, or at both.",
    )
    return option(command)


def pairs_option(*names: str, help: str) -> Callable[[F], F]:
    """Return an option that is repeated as KEY=VALUE and gives the command a dict of texts."""
    return click.option(*names, multiple=True, metavar="KEY=VALUE", callback=pairs, help=help)


def confirmed(question: str) -> Callable[[F], F]:
    """Return an option `--yes` of a command that cannot be undone; without it a person is asked."""

    def ask(ctx: click.Context, _param: click.Parameter, yes: bool) -> None:
        if not (yes or ctx.resilient_parsing):
            confirm(question)

    return click.option("--yes", "-y", is_flag=True, expose_value=False, callback=ask, help="Do not ask.")


def confirm(question: str) -> None:
    """Ask a person for what cannot be undone; a program has to give `--yes`."""
    if not sys.stdin.isatty():
        raise click.UsageError("This cannot be undone. Add --yes to confirm it.")
    click.confirm(question, abort=True, err=True)


def duration(_ctx: click.Context, _param: click.Parameter, given: str) -> int:
    """Read a time such as `30d` or `1d12h` as milliseconds; an option's callback."""
    found = _DURATION.fullmatch(given)
    if not found or not given:
        raise click.BadParameter(f"{given!r} is no time such as 30d, 12h, 90m or 1d12h.")
    return sum(int(number or 0) * size for number, size in zip(found.groups(), _UNITS, strict=True))


# Finding -------------------------------------------------------------------------------------------------------------


def first(found: S, wanted: int, cli: CliContext) -> S:
    """Return the first of what was found, and tell a person where there is more."""
    if len(found) > wanted:
        cli.say(f"There are more than the {wanted} shown; --max-results N shows more.")
    return found[:wanted]  # type: ignore[return-value]


def find_experiment(workspace: "Workspace", name_or_id: str) -> Experiment:
    """Return an experiment by its name, else by its id; raises `NotFound` with what there is."""
    named = workspace.experiments.get_by_name(name_or_id)
    if named is not None:
        return named
    try:
        return workspace.experiments.get(name_or_id)
    except NotFound:
        return workspace.experiments.named(name_or_id)


def check_there(what: str, name: str, known: Collection[str]) -> None:
    """Raise `NotFound` where a tag or an alias that is to be removed is not there; the text says what is."""
    if name not in known:
        there = f"there are: {', '.join(sorted(known))}" if known else "it has none, so that none is left to delete"
        raise NotFound(f"There is no {what} {name!r}; {there}.")
