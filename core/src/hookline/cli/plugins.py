"""`hookline plugins`: what is installed, what it offers, and whether it works."""

import difflib
from enum import Enum
from pathlib import Path
from typing import Any

import attrs
import click

from hookline.cli.certifying import COLUMNS, certified, check_page, holds, plain, reasons, row
from hookline.cli.context import CliContext, pass_cli
from hookline.cli.groups import NOTHING_INSTALLED, PluginGroup
from hookline.cli.options import plugin_names
from hookline.cli.output import on_terminal, write_pairs, write_table
from hookline.cli.plugin_checks import check_plugin, command_problems, options_class
from hookline.errors import NotFound
from hookline.plugins import Plugins, PluginStatus, describe
from hookline.providers import FlavorProvider, Provider, StoreProvider
from hookline.tables import printable

by_name = click.argument("name", shell_complete=plugin_names)


@click.group(cls=PluginGroup)
def plugins() -> None:
    """What is installed, what it offers, and whether it works."""


@plugins.command("list")
@pass_cli
def list_plugins(cli: CliContext) -> None:
    """Print every installed plugin and what it provides; for a broken one the reason."""
    report = _report(cli.plugins)
    if cli.as_json or report:
        columns = ["name", "state", "version", "distribution", "provides"]
        rows = [_row(cli.plugins, each) for each in report]
        cli.out([_plain(each) for each in report], rows=rows, columns=columns + ["problems"] * (not on_terminal()))
    else:
        click.echo(NOTHING_INSTALLED)
    for status in report if on_terminal() and not cli.as_json else ():
        for problem in status.problems:
            click.echo(printable(f"! {status.name}: {problem}"))


@plugins.command()
@by_name
@pass_cli
def show(cli: CliContext, name: str) -> None:
    """Print what a plugin provides, with the options of each thing, their types and defaults."""
    status = _named(cli.plugins, name)
    plain = {
        **_plain(status),
        "provides": [_described(cli.plugins.kinds[kind], each) for kind, each in status.provides],
    }
    if cli.as_json:
        cli.out(plain)
        return
    write_pairs({key: value for key, value in plain.items() if key != "provides"})
    for each in plain["provides"]:
        options = each.pop("options")
        click.echo()
        write_pairs(each)
        if options:
            write_table(options)


@plugins.command()
@click.argument("names", nargs=-1, shell_complete=plugin_names)
@click.pass_context
def check(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Load everything that plugins provide and look at its shape; the exit code is 1 where something is wrong.

    Without NAMES: all installed plugins but those that the configuration leaves out.
    """
    cli = ctx.ensure_object(CliContext)
    chosen = [_named(cli.plugins, name) for name in names] or _in_use(cli.plugins)
    checks = [each for status in chosen for each in check_plugin(cli.plugins, status)]
    cli.out(checks, rows=[{**attrs.asdict(each), "problem": each.problem or "ok"} for each in checks])
    if any(each.problem for each in checks):
        ctx.exit(1)


@plugins.command()
@click.argument("names", nargs=-1, shell_complete=plugin_names)
@click.option(
    "--tests",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the tests of the one plugin are, if not in the folder that it was installed from.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page in Markdown as well; lines of other plugins that it has stay.",
)
@click.pass_context
def certify(ctx: click.Context, names: tuple[str, ...], tests: Path | None, output: Path | None) -> None:
    """Run the conformance suites that plugins' own tests inherit; the exit code is 1 where something failed.

    Without NAMES: all installed plugins. It takes what their tests take: pip install "hookline-core[testing]".
    Tests that need a server or a library which is not here are shown as skipped, with the reason. PYTEST_ADDOPTS="-n 2"
    runs them in two processes, where pytest-xdist is installed.
    """
    cli = ctx.ensure_object(CliContext)
    if tests is not None and len(names) != 1:
        raise click.UsageError("--tests is for one plugin; name it.")
    if output is not None:
        check_page(output)
    found = certified(cli, [_named(cli.plugins, name) for name in names] or _in_use(cli.plugins), tests, output)
    columns = [*COLUMNS, *(["why"] if not on_terminal() else [])]
    cli.out([plain(each) for each in found], rows=[row(each) for each in found], columns=columns)
    for each in found if on_terminal() and not cli.as_json else ():
        for reason in reasons(each):
            click.echo(printable(f"! {each.plugin}, {each.kind}: {reason}"))
    if not holds(found, names):
        ctx.exit(1)


def _report(plugins: Plugins) -> list[PluginStatus]:
    root = click.get_current_context().find_root().command
    return [attrs.evolve(each, problems=(*each.problems, *command_problems(each, root))) for each in plugins.report()]


def _in_use(plugins: Plugins) -> list[PluginStatus]:
    found = [each for each in _report(plugins) if each.state in ("ok", "failed")]
    if not found:
        raise NotFound(NOTHING_INSTALLED)
    return found


def _named(plugins: Plugins, name: str) -> PluginStatus:
    report = {each.name: each for each in _report(plugins)}
    if name not in report:
        known = f"There are: {', '.join(report)}." if report else NOTHING_INSTALLED
        raise NotFound(f"There is no plugin {name!r}{_meant(name, list(report))}. {known}")
    return report[name]


def _meant(name: str, known: list[str]) -> str:
    """People leave out the kind that a plugin's name begins with, or add the `hookline-` of its distribution."""
    short = name.removeprefix("hookline-")
    close = [each for each in known if each.endswith(f"-{short}")] or difflib.get_close_matches(short, known, n=1)
    return f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""


def _plain(status: PluginStatus) -> dict[str, Any]:
    offers = [{"kind": kind, "name": each.name, "summary": each.summary} for kind, each in status.provides]
    plain = {key: getattr(status, key) for key in ("name", "distribution", "version", "state")}
    return {**plain, "problems": list(status.problems), "provides": offers}


def _row(plugins: Plugins, status: PluginStatus) -> dict[str, Any]:
    kinds: dict[str, list[str]] = {}
    for kind, provider in status.provides:
        kinds.setdefault(plugins.kinds[kind], []).append(provider.name)
    provides = "; ".join(f"{kind} {', '.join(names)}" for kind, names in kinds.items())
    return {**_plain(status), "provides": provides, "problems": "; ".join(status.problems)}


def _described(word: str, provider: Provider) -> dict[str, Any]:
    found: dict[str, Any] = {"provides": word, "name": provider.name, "summary": provider.summary}
    if isinstance(provider, StoreProvider) and provider.default_uri:
        found["default_uri"] = provider.default_uri
    if isinstance(provider, FlavorProvider):
        found["handles"] = list(provider.handles)
    return {**found, "options": _options(provider)}


def _options(provider: Provider) -> list[dict[str, Any]]:
    try:
        options = options_class(provider)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a broken plugin is shown, with its reason
        return [{"option": "", "problem": describe(error)}]
    return [
        {"option": each.name, "type": _type_name(each.type), "default": _default(each)}
        for each in (attrs.fields(options) if options is not None and attrs.has(options) else ())
    ]


def _type_name(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " | ".join(str(each.value) for each in kind)
    return kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)


def _default(field: "attrs.Attribute[Any]") -> str:
    default: Any = field.default
    if default is attrs.NOTHING:
        return "required"
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return "made from the others" if default.takes_self else repr(default.factory())
    return str(default.value) if isinstance(default, Enum) else repr(default)
