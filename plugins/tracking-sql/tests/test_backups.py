"""`hookline db backup`: a copy of one moment, while other processes write."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from hookline import search
from hookline.cli import cli
from hookline.entities import Batch, Metric, NewRun, ViewType
from hookline.errors import AlreadyExists, HooklineError, NotFound, Refused, Unavailable
from hookline_tracking_sql import backups, schema
from hookline_tracking_sql.backups import back_up
from hookline_tracking_sql.database_commands import _problems
from hookline_tracking_sql.dialects.sqlite import SqliteDialect
from hookline_tracking_sql.opening import open_existing
from hookline_tracking_sql.store import SqlTrackingStore

Execute = Callable[..., list[tuple[object, ...]]]
WRITER = """
import sys
from hookline.entities import Batch, Metric, NewRun, RunChange, RunStatus
from hookline_tracking_sql.store import SqlTrackingStore

store = SqlTrackingStore(sys.argv[1])
number = 0
while True:
    run_id = store.create_run(NewRun("0")).info.run_id
    for step in range(12):
        points = [Metric(key, float(step), step, timestamp=step) for key in ("a", "b", f"c{number}")]
        store.log_batch(run_id, Batch(points, {f"p{step}": str(step)}, {"steps": str(step + 1)}))
    store.update_run(run_id, RunChange(status=RunStatus.FINISHED, end_time=1))
    number += 1
    print(number, flush=True)
"""


def copy(uri: str, target: Path) -> int:
    with closing(open_existing(SqliteDialect(uri))) as database:
        return back_up(database, target)


def require_consistent(target: Path) -> int:
    """Open a copy as a store, check that each batch is in it whole or not at all, and return how many runs it has."""
    uri = f"sqlite:///{target}"
    with closing(open_existing(SqliteDialect(uri))) as database:
        assert _problems(database) == []
    with closing(SqlTrackingStore(uri)) as store:
        runs = store.search_runs(["0"], search.parse(search.RUNS, view=ViewType.ALL)).items
        for run in runs:
            steps = int(run.data.tags.get("steps", "0"))
            assert len(run.data.params) == steps
            for key in run.data.latest:
                points = [point for block in store.metric_history(run.info.run_id, key) for point in block]
                assert [point.step for point in points] == list(range(steps))
                assert run.data.latest[key].step == steps - 1
        counted = {each.key: each.runs for each in store.run_keys(["0"]) if each.kind == "metric"}
        assert counted == _counts(key for run in runs for key in run.data.latest)
        assert store.count_runs(["0"], search.parse(search.RUNS)) == len(runs)
        store.create_run(NewRun("0"))
    return len(runs)


def _counts(keys) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in keys:
        found[key] = found.get(key, 0) + 1
    return found


def test_a_copy_is_of_one_moment_while_another_process_writes(
    store: SqlTrackingStore, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "STEP_PAGES", 1)
    with subprocess.Popen([sys.executable, "-c", WRITER, uri], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        try:
            written = [int(writer.stdout.readline())]
            for number in range(4):
                target = tmp_path / f"copy-{number}.db"
                copy(uri, target)
                assert require_consistent(target) >= written[-1]
                written += [int(writer.stdout.readline()) for _ in range(3)]
            assert writer.poll() is None, "the writer was not hindered"
        finally:
            writer.kill()
    assert sorted(tmp_path.glob("copy-*")) == [tmp_path / f"copy-{number}.db" for number in range(4)]


def test_others_write_while_a_copy_is_made_and_are_not_in_it(
    store: SqlTrackingStore, run_id: str, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.db"
    make_copy = backups._copy

    def write_then_copy(source, path) -> None:
        for step in range(50):
            store.log_batch(run_id, Batch([Metric("m", 1.0, step)]))
        make_copy(source, path)

    monkeypatch.setattr(backups, "_copy", write_then_copy)
    copy(uri, target)
    with closing(SqlTrackingStore(f"sqlite:///{target}")) as found:
        assert found.get_run(run_id).data.latest == {}
    assert store.get_run(run_id).data.latest["m"].step == 49


def test_a_copy_is_one_file_for_this_user_alone(store: SqlTrackingStore, uri: str, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    previous = os.umask(0)
    try:
        size = copy(uri, folder / "copy.db")
    finally:
        os.umask(previous)
    assert [each.name for each in folder.iterdir()] == ["copy.db"]
    found = (folder / "copy.db").stat()
    assert (stat.S_IMODE(found.st_mode), found.st_size, found.st_nlink) == (0o600, size, 1)


@pytest.mark.parametrize("there", ["a file", "a link that leads nowhere", "a folder", "the store itself"])
def test_nothing_is_overwritten(there: str, store: SqlTrackingStore, uri: str, path: Path, tmp_path: Path) -> None:
    target = path if there == "the store itself" else tmp_path / "copy.db"
    if there == "a file":
        target.write_text("mine")
    elif there == "a folder":
        target.mkdir()
    elif there == "a link that leads nowhere":
        target.symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(AlreadyExists, match="was left as it is"):
        copy(uri, target)
    assert sorted(tmp_path.iterdir()) == before
    assert there != "a file" or target.read_text() == "mine"


def test_of_two_copies_to_one_name_one_is_made(
    store: SqlTrackingStore, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.db"
    make_copy = backups._copy

    def somebody_is_faster(source, path) -> None:
        make_copy(source, path)
        target.write_text("theirs")

    monkeypatch.setattr(backups, "_copy", somebody_is_faster)
    with pytest.raises(AlreadyExists):
        copy(uri, target)
    assert target.read_text() == "theirs"
    assert [each.name for each in tmp_path.iterdir() if "unfinished" in each.name] == []


def test_a_file_system_without_links_gets_a_copy_too(
    store: SqlTrackingStore, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_paths: object) -> None:
        raise PermissionError("links are not supported here")

    monkeypatch.setattr(os, "link", no_links)
    copy(uri, tmp_path / "copy.db")
    assert require_consistent(tmp_path / "copy.db") == 0


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (OSError("no space left"), Unavailable),
        (PermissionError("no"), Refused),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_a_copy_that_fails_leaves_nothing(
    failure: BaseException,
    expected: type[BaseException],
    store: SqlTrackingStore,
    uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_path: Path) -> None:
        raise failure

    monkeypatch.setattr(backups, "_to_disk", fail)
    folder = tmp_path / "copies"
    folder.mkdir()
    with pytest.raises(expected):
        copy(uri, folder / "copy.db")
    assert list(folder.iterdir()) == []


def test_there_must_be_a_folder(store: SqlTrackingStore, uri: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no folder"):
        copy(uri, tmp_path / "missing" / "copy.db")


def test_the_command_says_what_it_did(
    store: SqlTrackingStore, run_id: str, uri: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["db", "backup", "copy.db", uri, "--json"])
    told = json.loads(done.output)
    assert told == {
        "database": str(path),
        "backup": "copy.db",
        "bytes": Path("copy.db").stat().st_size,
        "schema": schema.HEAD,
    }
    assert require_consistent(tmp_path / "copy.db") == 1
    again = CliRunner().invoke(cli, ["db", "backup", "copy.db", uri])
    assert (again.exit_code, "was left as it is" in again.output) == (HooklineError.exit_code, True)
