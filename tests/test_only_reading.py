"""A command that only reads makes no store where there is none, and says what does."""

import json
import shlex
from collections.abc import Iterator

import click
import pytest

from hookline.cli import cli
from hookline.cli.context import CliContext
from hookline.cli.groups import LazyCommand, PluginGroup

READ = {
    "artifacts download": "0123abcd -d got",
    "artifacts list": "0123abcd",
    "artifacts show": "0123abcd a.txt",
    "auth permissions list": "ann",
    "auth tokens list": "ann",
    "auth users list": "",
    "config path": "",
    "config show": "",
    "db backup": "copy.db",
    "db check": "",
    "deployments list": "",
    "deployments predict": "wine --body {}",
    "deployments show": "wine",
    "experiments list": "",
    "experiments search": "",
    "experiments show": "nope",
    "models diff": "runs:/a/m runs:/b/m",
    "models inspect": "models:/wine/1",
    "models list": "",
    "models score": "models:/wine/1 -i rows.csv -o out.csv",
    "models search": "",
    "models serve": "models:/wine/1",
    "models show": "wine",
    "models versions": "wine",
    "plugins check": "",
    "plugins list": "",
    "plugins show": "tracking-sql",
    "runs compare": "0123abcd 1123abcd",
    "runs history": "0123abcd loss",
    "runs list": "",
    "runs search": "",
    "runs show": "0123abcd",
    "verify": "0123abcd",
}
"""By command, the words to call it with where nothing is there."""

WRITE = {
    *("artifacts log", "db upgrade", "deployments create", "deployments delete", "deployments update", "gc", "run"),
    *("auth permissions grant", "auth permissions revoke", "auth tokens create", "auth tokens revoke"),
    *("auth users admin", "auth users create", "auth users delete", "auth users password"),
    *("experiments create", "experiments delete", "experiments rename", "experiments restore"),
    *("experiments tag delete", "experiments tag set", "import mlflow", "models alias delete", "models alias set"),
    *("models delete", "models describe", "models register", "models rename", "models tag delete", "models tag set"),
    *("plugins certify", "runs attach", "runs delete", "runs rename", "runs restore", "runs tag delete"),
    *("runs tag set", "server", "sync"),
}
ELSEWHERE = {"report", "ui"}
"""Commands of a plugin that is not everywhere, since it is built with Node."""


def commands(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    with click.Context(cli, obj=CliContext()) as top:
        context = top
        for word in path:
            context = click.Context(group, parent=context, info_name=word)
        found = group.load() if isinstance(group, LazyCommand) else group
        if not isinstance(found, PluginGroup):
            yield " ".join(path)
            return
        for name in found.list_commands(context):
            yield from commands(found.get_command(context, name), (*path, name))


def test_each_command_reads_or_writes():
    assert set(commands(cli)) - ELSEWHERE == READ.keys() | WRITE


@pytest.mark.parametrize("words", READ)
def test_a_command_that_reads_makes_nothing(hookline_command, words):
    (hookline_command.folder / "rows.csv").write_text("a\n1\n")
    for code in (0, 1):
        try:
            hookline_command(*words.split(), *shlex.split(READ[words]), code=code)
            break
        except AssertionError:
            if code:
                raise
    assert [each.name for each in hookline_command.folder.iterdir()] == ["rows.csv"]


def test_a_newcomer_is_told_what_makes_the_store(hookline_command):
    hookline_command("runs", "list")
    assert "There is no store at sqlite:///" in hookline_command.said
    assert "the first run makes it" in hookline_command.said
    assert "hookline run PROJECT" in hookline_command.said
    assert json.loads(hookline_command("runs", "list", "--json")) == []
    assert not hookline_command.said


def test_a_store_that_was_named_wrongly_is_not_made_either(hookline_command):
    hookline_command("--tracking-uri", "sqlite:///rnus.db", "runs", "list")
    assert "no store at sqlite:///rnus.db" in hookline_command.said
    assert not list(hookline_command.folder.iterdir())


def test_a_store_that_is_there_is_read(hookline_command):
    hookline_command("experiments", "create", "wine")
    assert "wine" in hookline_command("experiments", "list")
    assert "no store" not in hookline_command.said
