"""Real processes, killed at random moments: nothing that was acknowledged is lost or twice, and statuses are true.

`HOOKLINE_TEST_KILLS=200` kills so many. Each test prints a row of a table.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from hookline.system import process_is_alive

sys.path.insert(0, str(Path(__file__).parent))
from programs import workspace_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork"),
]
KILLS = int(os.environ.get("HOOKLINE_TEST_KILLS", "20"))
PATIENCE = 60.0


class Programs:
    """Starts programs, and kills them."""

    def __init__(self) -> None:
        self._started: list[int] = []
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("programs.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, call: str, **given) -> int:
        self._process.stdin.write(json.dumps({"call": call, **{k: _plain(v) for k, v in given.items()}}) + "\n")
        self._process.stdin.flush()
        self._started.append(int(self._process.stdout.readline()))
        return self._started[-1]

    def kill(self, pid: int) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.wait(pid)

    def wait(self, pid: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while process_is_alive(pid):
            assert time.monotonic() < deadline, "a program does not end"
            time.sleep(0.001)

    def close(self) -> None:
        for pid in self._started:
            self.kill(pid)
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()


def _plain(value):
    return str(value) if isinstance(value, Path) else value


class Table:
    """What was acknowledged, and what became of it."""

    def __init__(self, capsys) -> None:
        self._capsys = capsys
        self.rounds = self.acknowledged = self.lost = self.duplicated = 0
        self.wrong: list[object] = []

    def add(self, workspace, noted: Path, *, ended: str = "FINISHED") -> list[str]:
        """Compare what a program noted with what a reader sees; return what else it noted."""
        lines = noted.read_text(encoding="utf-8").splitlines() if noted.exists() else []
        self.rounds += 1
        if not lines:
            return []
        steps = {int(line) for line in lines[1:] if line.isdigit()}
        others = [line for line in lines[1:] if not line.isdigit()]
        info = workspace.runs.get(lines[0]).info
        found = list(workspace.runs.history(lines[0], "m").steps)
        self.acknowledged += len(steps)
        self.lost += len(steps - set(found))
        self.duplicated += len(found) - len(set(found))
        expected = (ended, "") if "ended" in others else ("FAILED", "process gone")
        if (info.status.value, info.status_reason) != expected:
            self.wrong.append((info, lines[-1], workspace.runs.get(lines[0]).data.tags))
        return others

    def show(self, title: str) -> None:
        with self._capsys.disabled():
            print(
                f"\n| {title:<42} | {self.rounds:>5} rounds | {self.acknowledged:>8} acknowledged | {self.lost} lost "
                f"| {self.duplicated} duplicated | statuses {'FALSE' if self.wrong else 'true'} |",
                end="",
            )
        assert (self.lost, self.duplicated, self.wrong) == (0, 0, [])
        assert self.acknowledged


@pytest.fixture(scope="module")
def programs():
    made = Programs()
    yield made
    made.close()


@pytest.fixture
def table(capsys):
    return Table(capsys)


@pytest.fixture
def folder(tmp_path):
    with workspace_of(tmp_path) as workspace:
        workspace.tracking.sync()
    return tmp_path


def wait_for(noted: Path, count: int = 1, text: str = "") -> None:
    deadline = time.monotonic() + PATIENCE
    while not noted.exists() or noted.read_bytes().count(b"\n") < count or text not in noted.read_text():
        assert time.monotonic() < deadline, "a program does not begin"
        time.sleep(0.001)


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*.journal")]


def test_the_writer_is_killed(programs, folder, table):
    random = Random(1)
    with workspace_of(folder) as workspace:
        for number in range(KILLS):
            noted = folder / f"noted-{number}"
            pid = programs.start("write", folder=folder, noted=noted)
            if number % 4:
                wait_for(noted)
            time.sleep(random.uniform(0, 0.08))
            programs.kill(pid)
            table.add(workspace, noted)
        workspace.journals.catch_up()
        assert left_over(folder) == []
    table.show("kill -9 of the writer")


def test_another_process_is_killed_while_it_ships(programs, folder, table):
    random = Random(2)
    with workspace_of(folder) as workspace:
        for number in range(max(3, KILLS // 10)):
            noted = folder / f"noted-{number}"
            writer = programs.start("write", folder=folder, noted=noted, count=20_000)
            while process_is_alive(writer):
                shipper = programs.start("read", folder=folder)
                time.sleep(random.uniform(0.02, 0.2))
                programs.kill(shipper)
            assert "ended" in table.add(workspace, noted)
        assert left_over(folder) == []
    table.show("kill -9 of another process that ships")


def test_both_are_killed(programs, folder, table):
    random = Random(3)
    with workspace_of(folder) as workspace:
        for number in range(max(3, KILLS // 4)):
            noted = folder / f"noted-{number}"
            both = [programs.start("write", folder=folder, noted=noted), programs.start("read", folder=folder)]
            wait_for(noted)
            time.sleep(random.uniform(0, 0.15))
            random.shuffle(both)
            for pid in both:
                programs.kill(pid)
            if number % 2:  # another one that ships is killed over what they left
                shipper = programs.start("read", folder=folder)
                time.sleep(random.uniform(0.01, 0.06))
                programs.kill(shipper)
            table.add(workspace, noted)
        assert left_over(folder) == []
    table.show("kill -9 of both")


def test_the_store_is_away_for_some_seconds(programs, folder, table):
    noted, locker = folder / "noted", folder / "locker"
    writer = programs.start("write_while_the_store_is_away", folder=folder, noted=noted, locker=locker)
    wait_for(noted, text="flushed")
    programs.start("lock_store", folder=folder, noted=locker, seconds=3)
    wait_for(locker, text="locked")
    programs.wait(writer)
    with workspace_of(folder) as workspace:
        said = table.add(workspace, noted)
    assert any(line.startswith("refusals") and line != "refusals 0" for line in said), said
    assert "ended" in said
    assert left_over(folder) == []
    table.show("the store is locked for 3 s")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"), reason="needs root")
def test_the_disk_of_the_journal_is_full(programs, folder, table, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("cannot mount")
    try:
        noted = folder / "noted"
        programs.wait(programs.start("write_to_a_full_disk", folder=folder, noted=noted, journal=disk))
        with workspace_of(folder, journal=str(disk)) as workspace:
            said = table.add(workspace, noted)
        assert any(line.startswith("refusals") and line != "refusals 0" for line in said), said
        assert "ended" in said
        assert left_over(disk) == []
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    table.show("the journal's disk (1 MB) is full")


def test_the_clock_is_set_back(programs, folder, table):
    noted = folder / "noted"
    programs.wait(programs.start("write_with_a_clock_that_is_set_back", folder=folder, noted=noted))
    with workspace_of(folder) as workspace:
        assert "ended" in table.add(workspace, noted)
        run_id = noted.read_text(encoding="utf-8").splitlines()[0]
        times = list(workspace.runs.history(run_id, "m").timestamps)
        assert max(times) - min(times) > 3_000_000
    table.show("the clock is set back an hour")
