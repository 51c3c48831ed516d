"""Starting: what is said at once, and what is not loaded for it."""

import json
import os
import subprocess
import sys

import pytest

import hookline
from hookline.cli import NOUNS

PLUGIN = """
from hookline.providers import Provider, hookimpl

@hookimpl
def commands():
    return [Provider("shout", "loud.command:shout", "Say it loud."), Provider("models praise", "loud.command:shout")]
"""
COMMAND = """
import click

@click.command()
@click.argument("word")
def shout(word):
    click.echo(word.upper())
"""


def run(folder, *argv: str, **variables: str) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HOOKLINE", "MLFLOW"))}
    return subprocess.run(
        [sys.executable, *argv],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def install(folder, name: str, source: str) -> None:
    """Make an installed distribution with one plugin module."""
    (folder / f"{name}.py").write_text(source)
    info = folder / f"hookline_{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: hookline-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[hookline]\n{name} = {name}\n")


@pytest.fixture
def loud(tmp_path):
    """A folder with an installed plugin that offers commands."""
    install(tmp_path, "plain", PLUGIN)
    (tmp_path / "loud").mkdir()
    (tmp_path / "loud" / "__init__.py").write_text("")
    (tmp_path / "loud" / "command.py").write_text(COMMAND)
    return tmp_path


def test_the_version_is_said(tmp_path):
    done = run(tmp_path, "-m", "hookline", "--version")
    assert (done.returncode, done.stdout) == (0, f"hookline {hookline.__version__}\n")
    assert run(tmp_path, "-m", "hookline", "--json", "--version").stdout == done.stdout


def test_help_names_every_noun_and_what_plugins_offer(loud):
    done = run(loud, "-m", "hookline", "--help")
    assert done.returncode == 0
    positions = [done.stdout.index(f"\n  {noun} ") for noun in NOUNS]
    assert positions == sorted(positions)
    assert "shout" in done.stdout
    assert "Say it loud." in done.stdout
    assert "_HOOKLINE_COMPLETE=zsh_source" in done.stdout


def test_help_imports_no_command(loud):
    code = (
        "import sys, json\nfrom hookline.cli import cli\n"
        "try: cli.main(['--help'], prog_name='hookline')\n"
        "except SystemExit: print(json.dumps(sorted(sys.modules)))"
    )
    modules = set(json.loads(run(loud, "-c", code).stdout.splitlines()[-1]))
    assert {"hookline.cli.context", "hookline.cli.failures", "hookline.cli.groups"} <= modules
    own = {each for each in modules if each.startswith("hookline.cli.")}
    assert own == {"hookline.cli.context", "hookline.cli.failures", "hookline.cli.groups"}
    assert not modules & {
        "cattrs",
        "yaml",
        "sqlalchemy",
        "hookline.config",
        "hookline.workspace",
        "loud",
        "loud.command",
    }


def test_a_command_of_a_plugin_is_called(loud):
    assert run(loud, "-m", "hookline", "shout", "hi").stdout == "HI\n"
    assert run(loud, "-m", "hookline", "models", "praise", "hi").stdout == "HI\n"


def test_a_disabled_plugin_offers_nothing(loud):
    assert "shout" not in run(loud, "-m", "hookline", "--help", HOOKLINE_PLUGINS_DISABLE="plain").stdout
    (loud / "hookline.yaml").write_text("plugins: {allow: []}\n")
    done = run(loud, "-m", "hookline", "shout", "hi")
    assert done.returncode == 2
    assert "No such command 'shout'." in done.stderr
    assert "'plain' is installed and not in use: it is not allowed" in done.stderr


def test_help_is_there_though_the_configuration_is_broken(loud):
    (loud / "hookline.yaml").write_text("traking: x\n")
    done = run(loud, "-m", "hookline", "--help")
    assert done.returncode == 0
    assert "experiments" in done.stdout
    assert "traking" in done.stderr


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        (PLUGIN.replace("def commands", "def comands"), "unknown hook 'comands' (did you mean 'commands'?)"),
        (PLUGIN.replace('"shout"', '"runs"'), "the command 'runs' is Hookline's own"),
        (PLUGIN, "is offered by 'plain' as well"),
    ],
)
def test_a_broken_plugin_shows_its_reason_and_hinders_nobody(loud, source, reason):
    install(loud, "other", source)
    listed = json.loads(run(loud, "-m", "hookline", "plugins", "list", "--json").stdout)
    problems = {each["name"]: " ".join(each["problems"]) for each in listed}
    assert reason in problems["other"]
    assert "plain" in problems
    assert reason in run(loud, "-m", "hookline", "plugins", "list").stdout
    assert run(loud, "-m", "hookline", "config", "path").returncode == 0


def test_the_core_alone_says_what_to_install(bare):
    assert "pip install hookline" in bare("plugins", "list").out
    assert "pip install hookline" in bare("--help").out
    assert "pip install" in bare("runs", "search", code=2).said
    assert json.loads(bare("plugins", "list", "--json").out) == []


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_the_caller_closed_is_no_error(tmp_path, closed):
    command = f'"$0" -m hookline plugins list {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stderr == b""


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    reader = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read(10)"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    code = (
        "import click, sys\nfrom hookline.cli import cli, main\n"
        "@cli.command()\ndef flood():\n    for _ in range(100000): click.echo('x' * 100)\n"
        "sys.argv = ['hookline', 'flood']\nmain()"
    )
    with reader:
        done = subprocess.run([sys.executable, "-c", code], stdout=reader.stdin, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b""
