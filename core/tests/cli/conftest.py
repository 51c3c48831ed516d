"""The command line in this process, on stores in memory that its commands share."""

import inspect
import os
import pty
import threading
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hookline.cli import cli
from hookline.cli.context import CliContext
from hookline.config import Config
from hookline.plugins import Plugins
from hookline.providers import StoreProvider, hookimpl
from hookline.testing import MemoryArtifactStore, MemoryModelRegistry, MemoryTrackingStore
from hookline.workspace import Workspace


class Stores:
    """Offers one store of each kind, the same at every opening."""

    def __init__(self) -> None:
        self.tracking, self.registry = MemoryTrackingStore(), MemoryModelRegistry()
        self.artifacts = MemoryArtifactStore()

    @hookimpl
    def tracking_stores(self):
        return [StoreProvider("memory", lambda _uri, _options: self.tracking, default_uri="memory://user:pw@runs")]

    @hookimpl
    def model_registries(self):
        return [StoreProvider("memory", lambda _uri, _options: self.registry)]

    @hookimpl
    def artifact_stores(self):
        return [StoreProvider("memory", lambda _uri, _options: self.artifacts, default_uri="memory:")]


@dataclass
class Outcome:
    code: int
    out: str
    said: str


@dataclass
class CommandLine:
    """Runs `hookline` with words; each call has a context of its own, as a process would."""

    home: Path
    plugins: Plugins = field(default_factory=Plugins)
    reads_configuration: bool = False

    def context(self) -> CliContext:
        made = CliContext()
        made.plugins = self.plugins
        if not self.reads_configuration:
            made.config = Config.from_mapping({}, home=self.home)
        return made

    def __call__(self, *words: str, code: int = 0, stdin: str | None = None) -> Outcome:
        split = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
        done = CliRunner(**split).invoke(cli, list(words), input=stdin, obj=self.context(), prog_name="hookline")
        outcome = Outcome(done.exit_code, done.stdout, done.stderr)
        assert outcome.code == code, outcome
        return outcome

    def workspace(self) -> Workspace:
        return Workspace(Config.from_mapping({}, home=self.home), plugins=self.plugins)


@pytest.fixture
def hookline(tmp_path, monkeypatch):
    """The command line, in an empty folder and without variables from outside."""
    for name in os.environ:
        if name.startswith(("HOOKLINE_", "MLFLOW_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    line = CommandLine(tmp_path / ".hookline")
    line.plugins.register(Stores(), "memory")
    return line


@pytest.fixture
def bare(hookline):
    """The command line without any plugin."""
    return CommandLine(hookline.home)


@pytest.fixture
def terminal(monkeypatch):
    """Calls a function whose stdout is a terminal of 80 columns; returns what it wrote."""

    def call(function, columns: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        ours, theirs = pty.openpty()
        written = bytearray()
        reader = threading.Thread(target=_read_all, args=(ours, written))
        reader.start()
        with os.fdopen(theirs, "w") as stdout, monkeypatch.context() as patch:
            patch.setattr("sys.stdout", stdout)
            function()
        reader.join()
        os.close(ours)
        return click.unstyle(written.decode()).replace("\r\n", "\n")

    return call


def _read_all(descriptor: int, written: bytearray) -> None:
    try:
        while data := os.read(descriptor, 4096):
            written += data
    except OSError:  # how a terminal's end reads on Linux
        pass
