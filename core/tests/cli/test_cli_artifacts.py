"""`hookline artifacts`: files of runs, up, down and on the screen."""

import json
import os
import re
import select
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from hookline.cli import cli
from hookline.cli.bars import Bar
from hookline.providers import hookimpl

TEXT = "first\n\tü \x1b[31mred\x1b[0m\n"


@pytest.fixture
def run_id(hookline):
    """A run with some files."""
    with hookline.workspace() as workspace, workspace.start_run() as run:
        run.log_text(TEXT, "logs/out.txt")
        run.log_text("x" * 200_000 + "ü" * 70_000 + "end", "logs/long.txt")
        run.log_bytes(b"\x89PNG\xff\xfe", "plots/loss.png")
        run.log_text("{}", "top.json")
    return run.run_id


def paths(line, *words):
    return [(each["path"], each["is_dir"], each["file_size"]) for each in json.loads(line(*words, "--json").out)]


def test_files_are_listed(hookline, run_id):
    listed = hookline("artifacts", "list", run_id).out
    assert listed == "path\tbytes\nlogs/\t\nplots/\t\ntop.json\t2\n"
    assert hookline("artifacts", "list", run_id[:8], "plots").out == "path\tbytes\nplots/loss.png\t6\n"
    assert paths(hookline, "artifacts", "list", run_id, "top.json") == [("top.json", False, 2)]
    assert [path for path, *_ in paths(hookline, "artifacts", "list", run_id, "--recursive")] == [
        "logs/long.txt",
        "logs/out.txt",
        "plots/loss.png",
        "top.json",
    ]
    assert paths(hookline, "artifacts", "list", run_id, "nothing/here") == []


class Terminal:
    """A real terminal as stderr, set within the test: pytest sets its own one before."""

    def __init__(self, monkeypatch):
        self._ours, theirs = os.openpty()
        self._stream = os.fdopen(theirs, "w", encoding="utf-8")
        monkeypatch.setattr(sys, "stderr", self._stream)

    def written(self):
        """Return what was written since the last time."""
        found = b""
        while select.select([self._ours], [], [], 0.2)[0]:
            found += os.read(self._ours, 1 << 16)
        return found.decode()

    def close(self):
        self._stream.close()
        os.close(self._ours)


@pytest.mark.parametrize("path", [None, "logs/long.txt"])
def test_a_bar_shows_how_far_a_transfer_is(hookline, run_id, monkeypatch, tmp_path, path):
    """Both ways, for a folder and for a file; it is full at the end, and ends its line."""
    with hookline.workspace() as workspace, monkeypatch.context() as patch, closing(Terminal(patch)) as terminal:
        with Bar("Downloading") as bar:
            got = workspace.runs.download_artifacts(run_id, path, tmp_path / "got", bar)
        assert re.search(r"Downloading .*100%.*\r?\n\Z", terminal.written(), re.DOTALL)
        with Bar("Uploading") as bar:
            workspace.runs.attached(run_id).log_artifact(got, "again", bar)
        assert re.search(r"Uploading .*100%.*\r?\n\Z", terminal.written(), re.DOTALL)


def test_a_bar_that_is_broken_off_or_told_too_much_stays_a_bar(monkeypatch):
    with monkeypatch.context() as patch, closing(Terminal(patch)) as terminal:
        for moved, is_full in ((40, False), (400, True)):
            with Bar("Downloading") as bar:
                bar.expect(100)
                bar.moved(moved)
            assert ("100%" in terminal.written()) is is_full


@pytest.mark.parametrize(("size", "shown"), [(100, True), (None, False)])
def test_a_bar_shows_how_far_work_is_whose_size_is_known(monkeypatch, size, shown):
    with monkeypatch.context() as patch, closing(Terminal(patch)) as terminal:
        with Bar("Predicting") as bar:
            for done in (0, 40, 40, 100):
                bar.reached(done, size)
        assert ("100%" in terminal.written()) is shown


def test_nothing_is_shown_where_nobody_looks(hookline, run_id):
    assert "Downloading" not in hookline("artifacts", "download", run_id, "-d", "got").said
    Path("file").write_text("x", encoding="utf-8")
    assert "Uploading" not in hookline("artifacts", "log", run_id, "file").said


def test_files_are_downloaded(hookline, run_id):
    written = json.loads(hookline("artifacts", "download", run_id, "logs/out.txt", "-d", "got", "--json").out)
    assert Path(written["path"]).read_text(encoding="utf-8") == TEXT
    hookline("artifacts", "download", run_id, "-d", "all")
    assert Path("all/plots/loss.png").read_bytes() == b"\x89PNG\xff\xfe"


def test_files_are_added_and_listeners_hear_of_it(hookline, run_id):
    heard = []

    class Listener:
        @hookimpl
        def artifacts_logged(self, run_id, paths):
            heard.append((run_id, paths))

    hookline.plugins.register(Listener(), "listener")
    folder = Path("notes")
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    Path("single.txt").write_text("s")
    assert "notes/single.txt" in hookline("artifacts", "log", run_id, "single.txt", "--to", "notes/").out
    assert json.loads(hookline("artifacts", "log", run_id, "notes", "--json").out)["path"] == "notes"
    assert [path for path, *_ in paths(hookline, "artifacts", "list", run_id, "notes")] == [
        "notes/a.txt",
        "notes/single.txt",
    ]
    assert heard == [(run_id, ("notes/single.txt",)), (run_id, ("notes/a.txt",))]
    assert json.loads(hookline("runs", "show", run_id, "--json").out)["info"]["status"] == "FINISHED"


def test_a_text_is_shown_as_it_is_in_a_pipe(hookline, run_id):
    done = CliRunner().invoke(cli, ["-q", "artifacts", "show", run_id, "logs/out.txt"], obj=hookline.context())
    assert done.stdout_bytes.decode() == TEXT
    assert hookline("artifacts", "show", run_id, "logs/long.txt").out == "x" * 200_000 + "ü" * 70_000 + "end"


def test_a_terminal_obeys_no_control_characters(hookline, run_id, terminal):
    def show():
        words = ["-q", "artifacts", "show", run_id, "logs/out.txt"]
        cli.main(words, obj=hookline.context(), standalone_mode=False)

    assert terminal(show).expandtabs() == "first\n        ü \\x1b[31mred\\x1b[0m\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "plots/loss.png"), 1, "'plots/loss.png' is no text"),
        (("show", "plots/loss.png"), 1, "hookline artifacts download {run_id} plots/loss.png"),
        (("show", "logs"), 1, "'logs' is a folder of the run. What it has: hookline artifacts list {run_id} logs"),
        (("show", "nope"), 1, "hookline artifacts list"),
        (("show", "../../etc/passwd"), 2, "'..' part"),
        (("list", "/etc"), 2, "not relative"),
        (("download", "a\\b"), 2, "Invalid path"),
        (("download", "nope"), 1, "no file 'nope'. What it has: hookline artifacts list {run_id} -r"),
        (("log", "no-such-file"), 2, "no-such-file"),
    ],
)
def test_mistakes_are_explained(hookline, run_id, words, code, said):
    assert said.format(run_id=run_id) in hookline("artifacts", words[0], run_id, *words[1:], code=code).said


def test_a_run_that_is_not_there_is_named(hookline):
    assert "0000" in hookline("artifacts", "list", "0" * 32, code=1).said
