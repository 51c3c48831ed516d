"""Groups of commands that are imported when they are called: the core's by a table, those of plugins by their names."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import click

from hookline.catalogue import what_to_install
from hookline.cli.context import CliContext
from hookline.errors import HooklineError, PluginError
from hookline.plugins import Plugins
from hookline.providers import Provider, resolve
from hookline.tables import printable

NOTHING_INSTALLED = "No plugins are installed. What a laptop needs: pip install hookline"
F = TypeVar("F", bound=Callable[..., Any])


def _print_json(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(CliContext).as_json = True


def json_option(command: F) -> F:
    """Add `--json` to a command. Those of the core and their groups have it already; those of plugins may add it."""
    option = click.option(
        "--json", is_flag=True, expose_value=False, callback=_print_json, help="Print JSON, for programs."
    )
    return option(command)


class NounCommand(click.Command):
    """A command of ours: it takes `--json`, as all of them do."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        json_option(self)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence, whole: the list of commands wraps it."""
        return super().get_short_help_str(max(limit, 200))


class LazyCommand(click.Command):
    """Stands for a command in `--help` and in completion; the command itself is loaded when it is called."""

    def __init__(self, name: str, summary: str, load: Callable[[], click.Command]) -> None:
        super().__init__(name, short_help=_sentence(printable(summary)))
        self.load = load

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return a context of the command that this one stands for."""
        try:
            command = self.load()
        except HooklineError:
            if not extra.get("resilient_parsing"):
                raise
            command = click.Command(info_name)  # a broken plugin must not fill the line that is being completed
        return command.make_context(info_name, args, parent, **extra)


class PluginGroup(click.Group):
    """A group whose commands come from a table, from decorated functions, and from plugins.

    A plugin's command named "models serve" appears as `serve` in the group `models`. The core's commands go first: a
    plugin cannot replace one.

    Args:
        lazy: name -> (target, summary) of commands to import when they are called.
    """

    command_class = NounCommand
    group_class = type

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        json_option(self)
        self.lazy = lazy or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of this group's commands: ours in their order, then those of plugins."""
        try:
            offered = [_words(provider)[len(_path(ctx))] for provider in _offers(ctx, _path(ctx))]
        except HooklineError as error:
            ctx.ensure_object(CliContext).say(f"The commands of plugins are not listed: {error}")
            offered = []
        return list(dict.fromkeys([*self.lazy, *self.commands, *offered]))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or what stands for it until it is called."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        if cmd_name in self.lazy:
            target, summary = self.lazy[cmd_name]
            return LazyCommand(cmd_name, summary, partial(resolve, target))
        return _from_plugins(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command to call; where there is none, say what is meant, missing or broken."""
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and self.get_command(ctx, name) is None:
            ctx.fail(_unknown(ctx, name, self.list_commands(ctx)))
        return super().resolve_command(ctx, args)


def _sentence(summary: str) -> str:
    """Return a plugin's summary as the core's commands have theirs: with a capital letter and a full stop."""
    return f"{summary[:1].upper()}{summary[1:]}{'' if summary.endswith(('.', '!', '?')) else '.'}" if summary else ""


def is_reserved(root: click.Command, name: str) -> bool:
    """Return whether a command's name is one of the core's, or lies below a command of the core."""
    found: click.Command = root
    for word in name.split():
        if not isinstance(found, PluginGroup):
            return True
        if word not in found.commands and word not in found.lazy:
            return False
        found = found.commands.get(word) or resolve(found.lazy[word][0])
    return True


def _path(ctx: click.Context) -> list[str]:
    """Return the words between `hookline` and the end of a group's name."""
    return [] if ctx.parent is None else [*_path(ctx.parent), str(ctx.info_name)]


def _words(provider: Provider) -> list[str]:
    return provider.name.split()


def _offers(ctx: click.Context, path: Sequence[str]) -> list[Provider]:
    """Return what plugins offer below a path of words."""
    offered = ctx.ensure_object(CliContext).plugins.providers("commands")
    return [each for each in offered if len(_words(each)) > len(path) and _words(each)[: len(path)] == list(path)]


def _from_plugins(ctx: click.Context, name: str) -> click.Command | None:
    path = [*_path(ctx), name]
    exact = [each for each in ctx.ensure_object(CliContext).plugins.providers("commands") if _words(each) == path]
    deeper = _offers(ctx, path)
    if exact:
        plugins = ctx.ensure_object(CliContext).plugins
        return LazyCommand(name, exact[0].summary, partial(_loaded, plugins, exact[0].name, deeper))
    if deeper:
        listed = ", ".join(dict.fromkeys(_words(each)[len(path)] for each in deeper))
        return PluginGroup(name, help=f"Commands of plugins: {printable(listed)}.")
    return None


def _loaded(plugins: Plugins, name: str, deeper: Sequence[Provider]) -> click.Command:
    if deeper:
        raise PluginError(f"The command {name!r} hides {deeper[0].name!r}: a name is a command's or a group's.")
    command = plugins.load("commands", plugins.find("commands", name))
    if not isinstance(command, click.Command):
        raise PluginError(f"The command {name!r} is a {type(command).__name__}, which is no click command.")
    return command


def _unknown(ctx: click.Context, name: str, known: Sequence[str]) -> str:
    wanted = " ".join([*_path(ctx), name])
    close = difflib.get_close_matches(name, known, n=1)
    lines = [f"No such command {wanted!r}." + (f" Did you mean {close[0]!r}?" if close else "")]
    distribution = what_to_install("commands", wanted)
    if distribution:
        lines.append(f"To get it: pip install {distribution}")
    for status in ctx.ensure_object(CliContext).plugins.report():
        if status.state != "ok":
            reason = status.problems[0] if status.problems else f"it is {status.state}"
            lines.append(f"The plugin {status.name!r} is installed and not in use: {reason}.")
    return "\n".join(lines)
