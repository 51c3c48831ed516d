"""The power goes at every single operation: what a sync returned for is there afterwards, once.

A layer notes what the journal's files and folders and the database have on the disk for certain, and at every operation
builds a disk that a power cut could leave: of each file what was synced and any part of what was not, torn or zeroed;
entries of folders that were not synced there or not, removed files back or not; the database in any state that was
committed since it was last synced, or with a torn log. Then a process ships what it finds there.

`HOOKLINE_TEST_SCHEDULES` says how many schedules are tried, at most 20.
"""

import os
import shutil
import tempfile
from pathlib import Path
from random import Random

import pytest
from attrs import asdict

from hookline import system
from hookline.config import JournalSettings
from hookline.entities import NewRun
from hookline.experiments import Experiments
from hookline.journal import Journals, files, service
from hookline.journal import writer as writing
from hookline.journal.background import Background
from hookline.journal.shipping import Sink
from hookline_tracking_sql.store import SqlTrackingStore

SCHEDULES = min(20, int(os.environ.get("HOOKLINE_TEST_SCHEDULES", "3")))
MEMORY = Path("/dev/shm")


class Watched(SqlTrackingStore):
    """A SQLite store that says when it has committed and when it was synced."""

    def __init__(self, path: Path, committed=lambda: None, synced=lambda: None) -> None:
        self._committed, self._synced = committed, synced
        super().__init__(f"sqlite:///{path}")

    def apply(self, delivery) -> None:
        super().apply(delivery)
        self._committed()

    def sync(self) -> None:
        super().sync()
        self._synced()


class Opened:
    """`os`, with an ear on what a writer does to its files."""

    def __init__(self, disk: "Disk") -> None:
        self._disk = disk

    def __getattr__(self, name: str):
        return getattr(os, name)

    def open(self, path, *arguments):
        descriptor = os.open(path, *arguments)
        self._disk.opened(descriptor, Path(path))
        return descriptor

    def write(self, descriptor, data):
        self._disk.cut()
        written = os.write(descriptor, data)
        self._disk.cut()
        return written


class Disk:
    """What is on the disk for certain, and what may be."""

    def __init__(self, base: Path, random: Random) -> None:
        self.base, self.random, self.cuts = base, random, 0
        self.root, self.database = base / "journals", base / "store.db"
        self.names: dict[int, Path] = {}
        self.content: dict[Path, bytes] = {}  # of files that were removed
        self.synced: dict[Path, int] = {}
        self.entries: dict[Path, set[str]] = {}  # of folders when they were last synced
        self.states: list[dict[str, bytes]] = []  # of the database since it was last synced
        self.logged: set[tuple[str, int]] = set()  # or may be: the power may go within the call
        self.promised: set[tuple[str, int]] = set()
        self.ends: set[str] = set()
        self.promised_ends: set[str] = set()
        self.is_cutting = False

    # What happens ----------------------------------------------------------------------------------------------------

    def opened(self, descriptor: int, path: Path) -> None:
        self.names[descriptor] = path
        self.synced[path] = 0

    def sync(self, file) -> None:
        if self.is_cutting:
            return
        self.cut()
        system.sync_file(file)
        if isinstance(file, int):
            path = self.names[file]
            self.synced[path] = path.stat().st_size
        else:
            self.entries[file] = {each.name for each in file.iterdir()}
        self.cut()

    def removing(self, real):
        def remove(path: Path, *arguments, **options) -> None:
            if self.is_cutting or not path.is_relative_to(self.root):
                return real(path, *arguments, **options)
            self.cut()
            if path.suffix == files.SUFFIX and path.exists():
                self.content[path] = path.read_bytes()
            result = real(path, *arguments, **options)
            self.cut()
            return result

        return remove

    def committed(self) -> None:
        self.states.append(self._state())
        self.cut()

    def store_synced(self) -> None:
        """What the database holds now it holds for ever."""
        self.states = [self._state()]
        self.promised |= {(run_id, step) for run_id, step in self.stored}
        self.promised_ends |= self.stored_ends
        self.cut()

    def _state(self) -> dict[str, bytes]:
        names = [self.database.name, f"{self.database.name}-wal"]
        return {name: (self.base / name).read_bytes() for name in names if (self.base / name).exists()}

    def is_certain(self, path: Path) -> bool:
        """Whether the entry of a file and those of the folders above it are on the disk."""
        while path != self.base:
            if path.name not in self.entries.get(path.parent, ()):
                return False
            path = path.parent
        return True

    def promise(self) -> None:
        """What was logged is safe: a sync has returned."""
        self.promised |= self.logged
        self.promised_ends |= self.ends

    # The power goes --------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        if self.is_cutting or not self.states:
            return
        self.is_cutting = True
        self.cuts += 1
        image = Path(tempfile.mkdtemp(dir=self.base.parent))
        try:
            self._build(image)
            self._check(image)
        finally:
            shutil.rmtree(image)
            self.is_cutting = False

    def _build(self, image: Path) -> None:
        present = set(self.root.rglob(f"*{files.SUFFIX}"))
        for path in present | set(self.content):
            if path in present and self.is_certain(path):
                is_there = True
            elif path in present or self.is_certain(path):  # made or removed, and the folder was not synced since
                is_there = self.random.random() < 0.5
            else:
                is_there = False
            if is_there:
                target = image / path.relative_to(self.base)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(self._torn(path.read_bytes() if path in present else self.content[path], path))
        for name, data in self._database_state().items():
            (image / name).write_bytes(data)

    def _database_state(self) -> dict[str, bytes]:
        """Any state since the last sync; or the last one, of whose log a part is missing that was not synced."""
        first, last, log = self.states[0], self.states[-1], f"{self.database.name}-wal"
        grew = first[self.database.name] == last[self.database.name] and log in last
        if not grew or (log in first and first[log][:32] != last[log][:32]) or self.random.random() < 0.5:
            return self.random.choice(self.states)
        kept = len(first.get(log, b""))
        return {**last, log: last[log][: self.random.randint(min(kept, len(last[log])), len(last[log]))]}

    def _torn(self, data: bytes, path: Path) -> bytes:
        kept = self.random.randint(min(self.synced[path], len(data)), len(data))
        return data[:kept] + self.random.choice([b"", bytes(len(data) - kept)])

    def _check(self, image: Path) -> None:
        store = Watched(image / self.database.name)
        try:
            sink = sink_of(store)
            reader = Journals(lambda: image / "journals", [sink], JournalSettings())
            reader.catch_up()
            found = points_of(store, {run_id for run_id, _ in self.logged})
            assert len(found) == len(set(found)), "a point is stored twice"
            assert set(found) <= self.logged, "a point is stored that was never logged"
            assert self.promised <= set(found), f"lost: {sorted(self.promised - set(found))}"
            for run_id in self.promised_ends:
                assert store.get_run(run_id).info.status.value == "FINISHED"
            left = list(image.rglob(f"*{files.SUFFIX}"))
            assert not left, f"left over: {left}"
        finally:
            store.close()


def sink_of(store) -> Sink:
    experiments = Experiments(lambda: store)
    return Sink("store", lambda: store, lambda name: experiments.get_or_create(name).experiment_id)


def points_of(store, run_ids) -> list[tuple[str, int]]:
    found = []
    for run_id in run_ids:
        if store.writers(run_id):
            for block in store.metric_history(run_id, "m"):
                found += [(run_id, step) for step in block.steps]
    return found


class Program:
    """What logs: one process with runs that begin and end."""

    def __init__(self, disk: Disk, monkeypatch, random: Random) -> None:
        self.disk, self.random, self.step = disk, random, 0
        self.store = Watched(disk.database, self._committed, self._synced)
        self.store.sync()
        self.journals = Journals(lambda: disk.root, [sink_of(self.store)], JournalSettings())
        self.writers = []
        disk.stored, disk.stored_ends = set(), set()
        for module in (files, writing):
            monkeypatch.setattr(module, "os", Opened(disk))
        monkeypatch.setattr(writing, "sync_file", disk.sync)
        monkeypatch.setattr(files, "sync_file", disk.sync)
        for name in ("unlink", "rmdir"):
            monkeypatch.setattr(Path, name, disk.removing(getattr(Path, name)))
        disk.states = [disk._state()]

    def _committed(self) -> None:
        if not self.disk.is_cutting:
            self._look()
            self.disk.committed()

    def _synced(self) -> None:
        if hasattr(self, "journals") and not self.disk.is_cutting:
            self._look()
            self.disk.store_synced()

    def _look(self) -> None:
        run_ids = {run_id for run_id, _ in self.disk.logged}
        self.disk.stored = set(points_of(self.store, run_ids))
        self.disk.stored_ends = {
            run_id for run_id in self.disk.ends if self.store.get_run(run_id).info.status.value == "FINISHED"
        }

    def run(self, actions: int) -> None:
        self.start()
        for _ in range(actions):
            self.random.choice([self.log, self.log, self.log, self.sync, self.ship, self.start, self.end])()
        for _ in range(len(self.writers)):
            self.end()
        self.ship()
        self.store.close()

    def start(self) -> None:
        if len(self.writers) < 2:
            new = NewRun("0", run_id=f"{self.random.getrandbits(128):032x}", run_name="a run")
            writer = self.journals.open(new.run_id, primary=True)
            writer.event("created", experiment="Default", run=asdict(new))
            self.writers.append(writer)

    def log(self) -> None:
        for writer in self.writers:
            for _ in range(self.random.randint(1, 3)):
                self.step += 1
                self.disk.logged.add((writer.run_id, self.step))
                writer.point("m", 1.0, self.step, self.step)

    def end(self) -> None:
        if self.writers:
            writer = self.writers.pop(self.random.randrange(len(self.writers)))
            writer.seal({"event": "changed", "status": "FINISHED", "end_time": 5_000_000_000_000})
            self.disk.ends.add(writer.run_id)

    def sync(self) -> None:
        self.journals._sync()
        self.disk.promise()

    def ship(self) -> None:
        self.journals._tick()


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_what_was_synced_survives_a_power_cut_at_any_moment(tmp_path, monkeypatch, seed):
    monkeypatch.setattr(Background, "start", lambda _self: None)
    random = Random(seed)
    monkeypatch.setattr(service, "SEGMENT_BYTES", random.choice([200, 400, 1000]))
    place = Path(tempfile.mkdtemp(prefix="hookline-", dir=MEMORY if MEMORY.is_dir() else tmp_path))
    base = place / "disk"
    base.mkdir()
    try:
        disk = Disk(base, Random(-seed - 1))
        disk.entries[place] = {"disk"}
        program = Program(disk, monkeypatch, random)
        program.run(actions=25)
        print(f"power cuts: {disk.cuts}, points: {len(disk.logged)}, promised: {len(disk.promised)}")
        assert disk.cuts > 20
        assert disk.promised == disk.logged
    finally:
        monkeypatch.undo()
        shutil.rmtree(place)
