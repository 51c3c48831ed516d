"""Groups: the commands of plugins among those of the core, and what is said where there is none."""

import errno
import os

import click
import pytest
from click.shell_completion import ShellComplete

from hookline.cli import cli
from hookline.cli.context import pass_cli
from hookline.cli.groups import is_reserved, json_option
from hookline.errors import NotFound
from hookline.providers import Provider, hookimpl


@click.command()
@click.argument("word", default="nothing")
@json_option
@pass_cli
def echo(cli, word):
    """Echo a word."""
    cli.out({"word": word, "home": cli.config.home.name})


@click.command()
def fail():
    raise NotFound("it is \x1b[31mgone\nfor good")


@click.command()
def crash():
    raise ZeroDivisionError("one by\nzero")


@click.command()
def interrupt():
    raise KeyboardInterrupt


class Commands:
    """A plugin that offers commands by name, `_` for a space."""

    def __init__(self, **commands):
        self.named = commands

    @hookimpl
    def commands(self):
        return [Provider(name.replace("_", " "), target, f"do {name}") for name, target in self.named.items()]


def offer(line, name="extra", **commands):
    line.plugins.register(Commands(**commands), name)
    return line


@pytest.mark.parametrize("words", [("echo",), ("models", "echo"), ("team", "echo"), ("models", "alias", "echo")])
def test_a_plugin_adds_a_command_anywhere(hookline, words):
    offer(hookline, **{"_".join(words): echo})
    assert hookline(*words, "hi").out == "word\thi\nhome\t.hookline\n"
    assert '"word": "hi"' in hookline(*words, "hi", "--json").out
    assert '"word": "hi"' in hookline("--json", *words, "hi").out
    shown = hookline(*words[:-1], "--help").out
    assert "echo" in shown
    assert f"Do {'_'.join(words)}." in shown


def test_a_group_that_only_plugins_have_names_its_commands(hookline):
    offer(hookline, team_echo=echo, team_fail=fail)
    assert "Commands of plugins: echo, fail." in hookline("--help").out


@pytest.mark.parametrize("name", ["runs", "runs_search", "run_fast", "models_alias_set", "models"])
def test_a_plugin_cannot_replace_a_command_of_the_core(hookline, name):
    before = hookline(*name.split("_")[:2], "--help").out
    offer(hookline, **{name: echo})
    assert hookline(*name.split("_")[:2], "--help").out == before
    assert is_reserved(cli, name.replace("_", " "))
    words = name.replace("_", " ")
    assert f"the command {words!r} is Hookline's own" in hookline("plugins", "list").out
    assert f"the command {words!r} is Hookline's own" in hookline("plugins", "check", "extra", code=1).out


@pytest.mark.parametrize("name", ["models serve", "server", "db upgrade", "models alias copy"])
def test_other_names_are_free(name):
    assert not is_reserved(cli, name)


def test_a_command_of_two_plugins_names_both(hookline):
    offer(offer(hookline, models_serve=echo, other=echo), "second", models_serve=echo)
    said = hookline("models", "serve", code=1).said
    assert "'extra'" in said
    assert "'second'" in said
    assert "plugins.disable" in said
    assert hookline("other").code == 0
    assert hookline("models", "list").code == 0


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("not_there.command:serve", "'models serve' cannot be loaded: ModuleNotFoundError"),
        ("json:dumps", "is a function, which is no click command"),
        ("json:nothing", "AttributeError"),
    ],
)
def test_a_command_that_cannot_be_loaded_says_why(hookline, target, said):
    offer(hookline, models_serve=target)
    assert "serve" in hookline("models", "--help").out
    assert said in hookline("models", "serve", "uri", code=1).said


def test_a_name_is_a_command_or_a_group(hookline):
    offer(hookline, server=echo, server_token=echo)
    assert "'server' hides 'server token'" in hookline("server", code=1).said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nonsense",), "No such command 'nonsense'."),
        (("run5",), "Did you mean 'run"),
        (("runs", "serach"), "No such command 'runs serach'. Did you mean 'search'?"),
        (("models", "serve", "x"), "pip install hookline-deploy-local"),
        (("models", "score", "x", "-i", "a.csv", "-o", "b.csv"), "pip install hookline-score-local"),
        (("db", "upgrade"), "pip install hookline-tracking-sql"),
        (("models", "alias", "sett"), "Did you mean 'set'?"),
    ],
)
def test_an_unknown_command_is_answered_with_what_is_meant_or_missing(hookline, words, said):
    assert said in hookline(*words, code=2).said


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (fail, 1, "Error: it is \\x1b[31mgone\nfor good\n"),
        (crash, 1, "Error: ZeroDivisionError: one by zero\nRun it again with HOOKLINE_DEBUG=1 for the traceback.\n"),
        (interrupt, 130, "Interrupted.\n"),
    ],
)
def test_whatever_a_command_raises_becomes_one_clear_text(hookline, command, code, said):
    offer(hookline, go=command)
    assert hookline("go", code=code).said == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "Error: Permission denied: /there\n"),
        (errno.ENOSPC, "Error: No space left on device: /there\n"),
        (errno.EROFS, "Error: Read-only file system: /there\n"),
    ],
)
def test_what_the_machine_refuses_needs_no_traceback(hookline, number, said):
    @click.command()
    def refuse():
        raise OSError(number, os.strerror(number), "/there")

    offer(hookline, go=refuse)
    assert hookline("go", code=1).said == said


@pytest.mark.parametrize("command", [fail, crash])
def test_debugging_shows_the_traceback(hookline, monkeypatch, command):
    monkeypatch.setenv("HOOKLINE_DEBUG", "1")
    said = offer(hookline, go=command)("go", code=1).said
    assert "Traceback (most recent call last)" in said
    assert "Run it again" not in said


@pytest.mark.parametrize("option", ["--quiet", "-q", "--tracking-uri"])
def test_a_global_option_behind_the_command_is_explained(hookline, option):
    assert f"hookline {option} COMMAND" in hookline("runs", "search", option, code=2).said


def completed(line, *words):
    obj = line.context()
    shell = ShellComplete(cli, {"obj": obj}, "hookline", "_HOOKLINE_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


class Named:
    """A plugin that offers a name of each kind that an option completes."""

    @hookimpl
    def project_backends(self):
        return [Provider("slurm", "nowhere:Slurm"), Provider("spark", "nowhere:Spark")]

    @hookimpl
    def environments(self):
        return [Provider("pixi", "nowhere:Pixi")]

    @hookimpl
    def deployment_targets(self):
        return [Provider("mars", "nowhere:Mars")]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("run", ".", "--backend", "s"), ["slurm", "spark"]),
        (("run", ".", "--backend", "sp"), ["spark"]),
        (("run", ".", "--env", ""), ["pixi"]),
        (("run", ".", "--experiment", "tea"), ["team/a"]),
        (("runs", "search", "--experiment", ""), ["team/a", "Default"]),
        (("experiments", "show", "D"), ["Default"]),
        (("deployments", "create", "x", "--target", ""), ["mars"]),
        (("plugins", "show", "na"), ["named"]),
        (("models", "show", ""), ["wine"]),
        (("models", "al"), ["alias"]),
        (("exp",), ["experiments"]),
        (("extr",), ["extra"]),
        (("broken", "--back"), []),
        (("deployments", "show", ""), []),
        (("models", "delete", "wine", "--y"), ["--yes"]),
    ],
)
def test_names_are_completed(hookline, words, names):
    hookline.plugins.register(Named(), "named")
    offer(hookline, name="commands", extra=echo, broken="not_there:command")
    hookline.home.mkdir()
    with hookline.workspace() as workspace:
        workspace.experiments.create("team/a")
        workspace.registry.create("wine")
    assert completed(hookline, *words) == names


def test_completion_makes_no_store(hookline):
    assert completed(hookline, "experiments", "show", "") == []
    assert not hookline.home.exists()
