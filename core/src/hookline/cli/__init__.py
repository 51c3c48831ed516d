"""The command line: nouns and their commands, each of which parses, calls the workspace and prints.

A noun's module is imported when one of its commands is called; `--help` reads the table below and what plugins offer.
"""

import atexit
import os
import sys
from gc import freeze
from pathlib import Path

import click

from hookline import __version__
from hookline.cli.context import CliContext
from hookline.cli.failures import reported
from hookline.cli.groups import NOTHING_INSTALLED, PluginGroup
from hookline.errors import HooklineError

NOUNS = {
    "run": ("hookline.cli.run:run", "Run a project and track it."),
    "runs": ("hookline.cli.runs:runs", "Find, show, compare and change runs."),
    "experiments": ("hookline.cli.experiments:experiments", "Experiments, which runs are kept in."),
    "artifacts": ("hookline.cli.artifacts:artifacts", "Files of runs: list, show, download, add."),
    "models": ("hookline.cli.models:models", "Models: inspect, register, compare, score, serve."),
    "deployments": ("hookline.cli.deployments:deployments", "Models that answer somewhere."),
    "verify": ("hookline.cli.verify:verify", "Prove that a run is complete."),
    "sync": ("hookline.cli.sync:sync", "Give the store what was logged and is not there yet."),
    "plugins": ("hookline.cli.plugins:plugins", "What is installed, what it offers, and whether it works."),
    "config": ("hookline.cli.config:config", "The configuration, and where each value comes from."),
    "gc": ("hookline.cli.gc:gc", "Delete for good what is marked deleted, and its files."),
    "db": ("hookline.cli.db:db", "The database of the tracking store."),
}
COMPLETION = """\
Completion in the shell, names of plugins included: add the line of yours to its start-up file.

\b
bash:  eval "$(_HOOKLINE_COMPLETE=bash_source hookline)"
zsh:   eval "$(_HOOKLINE_COMPLETE=zsh_source hookline)"
fish:  _HOOKLINE_COMPLETE=fish_source hookline | source
"""


class RootGroup(PluginGroup):
    """The command `hookline`: makes the context that its commands work with, and reports their errors."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Parse the global options; a mistake is reported as one of a command is."""
        with reported():
            return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the global options into a new `CliContext`, unless the caller gave one."""
        ctx.obj = ctx.obj or CliContext()
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Call the command, report its errors, and close what it opened."""
        with reported(), ctx.ensure_object(CliContext):
            return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say what to install where nothing is, and how completion is switched on."""
        try:
            empty = not ctx.ensure_object(CliContext).plugins.report()
        except HooklineError:  # said already, where the commands are listed
            empty = False
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(f"\b\n{NOTHING_INSTALLED}\n\n{COMPLETION}" if empty else COMPLETION)


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value:
        setattr(ctx.ensure_object(CliContext), str(param.name), value)


@click.group(cls=RootGroup, lazy=NOUNS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--tracking-uri",
    metavar="URI",
    expose_value=False,
    callback=_remember,
    help="The tracking store to use, such as sqlite:///runs.db; wins over configuration and environment.",
)
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    expose_value=False,
    callback=_remember,
    help="The configuration file to read instead of the nearest hookline.yaml.",
)
@click.option(
    "--quiet",
    "-q",
    is_flag=True,
    expose_value=False,
    callback=_remember,
    help="Say nothing on stderr but what went wrong.",
)
@click.version_option(__version__, message="hookline %(version)s")
def cli() -> None:
    """Track runs, run projects, and keep, serve and deploy models: everything concrete comes from plugins.

    \b
    Start here:
      hookline run PROJECT -P name=value     run a project, a folder or a git URL, and track it
      hookline runs search "metrics.rmse < 80" --order-by "metrics.rmse ASC"
      hookline plugins list                  what is installed, and what it offers
    """


def main() -> None:
    """Run the command line on this process's arguments and exit."""
    atexit.register(freeze)  # or Python looks for garbage in all that was imported, thrice, before it gives it back
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the caller: the next file that is opened would take its place
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - until the program ends
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter is no reason to fail
    cli.main(prog_name="hookline")
