"""What a command works with: the workspace, opened when first used, and how to print."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, wraps
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from hookline.cli.failures import visible
from hookline.plugins import Plugins
from hookline.providers import resolve

if TYPE_CHECKING:
    from hookline.config import Config
    from hookline.workspace import Workspace

P = ParamSpec("P")
R = TypeVar("R")


class CliContext:
    """The object of click's context: `ctx.obj` in a command, also in one of a plugin.

    Attributes:
        tracking_uri, config_file: what the global options say; None where they do not.
        as_json: whether `--json` was given, before or after the command.
        quiet: whether `--quiet` was given.
        only_reads: whether the command makes no store where there is none; see `only_reads` below.
    """

    def __init__(self) -> None:
        self.tracking_uri: str | None = None
        self.config_file: Path | None = None
        self.as_json = False
        self.quiet = False
        self.only_reads = False

    @cached_property
    def config(self) -> "Config":
        """The configuration that holds here. Raises `ConfigError`."""
        load = resolve("hookline.config:Config.load")  # loads cattrs and yaml, which `--help` does without
        config: Config = load(file=self.config_file, given={"tracking.uri": self.tracking_uri})
        return config

    @cached_property
    def plugins(self) -> Plugins:
        """The plugins that the configuration allows. It is read only where there is one, so that `--help` is fast."""
        if not self._is_configured():
            return Plugins.discover()
        settings = self.config.settings.plugins
        return Plugins.discover(settings.allow, settings.disable)

    def _is_configured(self) -> bool:
        if self.config_file or os.environ.get("HOOKLINE_CONFIG") or os.environ.get("HOOKLINE_PLUGINS_DISABLE"):
            return True
        folder = Path.cwd()
        return any((each / "hookline.yaml").is_file() for each in (folder, *folder.parents))

    @cached_property
    def workspace(self) -> "Workspace":
        """The workspace; it says on stderr which store it opens, when it does."""
        opened = resolve("hookline.cli.opening:SpeakingWorkspace")
        workspace: Workspace = opened(self.config, self.plugins, self.say, only_reads=self.only_reads)
        return workspace

    def say(self, text: str) -> None:
        """Tell a person something on stderr; scripts (`--json`, `--quiet`) are told nothing."""
        if not (self.as_json or self.quiet):
            click.secho(visible(text), err=True, dim=True)

    def out(
        self,
        value: Any,
        *,
        rows: Sequence[Mapping[str, Any]] | None = None,
        columns: Sequence[str] | None = None,
        text: str | None = None,
        nothing: str = "Nothing found.",
    ) -> None:
        """Print a result: aligned on a terminal, tab-separated lines in a pipe, JSON with `--json`.

        Args:
            value: an entity, a mapping, a list of either, or a text: what `--json` prints.
            rows: a table that people see instead.
            columns: which of the rows' keys to show, in order; default all of them.
            text: a sentence that people see instead.
            nothing: what to tell a person on stderr where there are no rows: that there is nothing, and what to try.
        """
        if rows is not None and not rows:
            self.say(nothing)
        shown = value if self.as_json or text is None else text
        resolve("hookline.cli.output:write")(shown, as_json=self.as_json, rows=rows, columns=columns)

    def close(self) -> None:
        """Close the workspace, if it was opened."""
        workspace = self.__dict__.pop("workspace", None)
        if workspace is not None:
            workspace.close()

    def __enter__(self) -> "CliContext":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


pass_cli = click.make_pass_decorator(CliContext)
"""Gives a command its `CliContext` as the first argument."""


def only_reads(command: Callable[P, R]) -> Callable[P, R]:
    """Say below `pass_cli` that a command only reads: where there is no store it finds an empty one, and makes none."""

    @wraps(command)
    def reading(*args: P.args, **options: P.kwargs) -> R:
        click.get_current_context().ensure_object(CliContext).only_reads = True
        return command(*args, **options)

    return reading
