"""Processes, stores and accidents in random order: each acknowledged point is stored once, and statuses are true.

`HOOKLINE_TEST_SCHEDULES=10000` tries so many schedules; `HOOKLINE_TEST_SEED=N` tries one again.
"""

import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from random import Random

import pytest
from attrs import asdict

from hookline.config import JournalSettings
from hookline.entities import NewRun
from hookline.entities.metric import as_points
from hookline.errors import CursorMoved, HooklineError, NotFound, RecordsRefused, Unavailable
from hookline.experiments import Experiments
from hookline.journal import Journals, service
from hookline.journal import writer as writing
from hookline.journal.background import Background
from hookline.journal.files import JournalFiles
from hookline.journal.shipping import Sink
from hookline.testing.memory_tracking import MemoryTrackingStore

PARTS = 8
SCHEDULES = int(os.environ.get("HOOKLINE_TEST_SCHEDULES", "400"))
SEED = os.environ.get("HOOKLINE_TEST_SEED")
MEMORY = Path("/dev/shm")


class Crash(BaseException):
    """A process is killed in the middle of what it does."""


class Store(MemoryTrackingStore):
    """A store to which all kinds of things happen on the way."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random, self.away, self.trouble = random, False, 0.0
        self.past, self.late = [], []

    def _reach(self) -> None:
        if self.away or self.random.random() < self.trouble / 4:
            raise Unavailable("it is away")

    def _accident(self) -> str:
        if self.random.random() >= self.trouble:
            return ""
        return self.random.choice(["lost", "late", "unanswered", "unanswered", "crash before", "crash after"])

    def apply(self, delivery) -> None:
        self._reach()
        accident = self._accident()
        if accident == "crash before":
            raise Crash
        if accident == "late" and delivery.count:
            self.late.append(delivery)
        if accident in ("late", "lost"):
            raise Unavailable(accident)
        super().apply(delivery)
        if delivery.count:
            self.past.append(delivery)
        if accident == "crash after":
            raise Crash
        if accident:
            raise Unavailable(accident)

    def deliver_late(self) -> None:
        """What was on its way arrives, in any order; and what arrived long ago does so again."""
        arriving, self.late = self.late, []
        arriving += [each for each in self.past if self.random.random() < 0.1]
        self.random.shuffle(arriving)
        for each in arriving:
            try:
                super().apply(each)
            except (CursorMoved, NotFound):
                continue
            self.past.append(each)

    def writers(self, run_id):
        self._reach()
        return super().writers(run_id)

    def get_run(self, run_id):
        self._reach()
        return super().get_run(run_id)

    def sync(self) -> None:
        self._reach()
        if self._accident() == "crash after":
            raise Crash


class Writing:
    """What a writer was told, and what it said that it has."""

    def __init__(self, run_id: str, writer, *, primary: bool) -> None:
        self.run_id, self.writer, self.primary = run_id, writer, primary
        self.writer_id = ""
        self.points: list[float] = []
        self.params: dict[str, str] = {}
        self.status: str | None = None
        self.was_killed = False


class World:
    """One schedule."""

    def __init__(self, root: Path, seed: int) -> None:
        self.random = Random(seed)
        self.root = root
        self.stores = [Store(self.random) for _ in range(self.random.choice([1, 1, 1, 2]))]
        experiments = [Experiments(lambda store=store: store) for store in self.stores]
        self.sinks = [
            Sink(
                f"store-{n}",
                lambda n=n: self.stores[n],
                lambda name, n=n: experiments[n].get_or_create(name).experiment_id,
                is_primary=n == 0,
            )
            for n in range(len(self.stores))
        ]
        self.processes: list[Journals] = []
        self.open: dict[Journals, list[Writing]] = {}
        self.everything: list[Writing] = []
        self.next_step, self.is_over = 0, False
        for _ in range(self.random.randint(1, 3)):
            self.new_process()

    def new_process(self) -> None:
        made = Journals(lambda: self.root, self.sinks, JournalSettings())
        self.processes.append(made)
        self.open[made] = []

    # What may happen -------------------------------------------------------------------------------------------------

    def act(self) -> None:
        what = self.random.choice(ACTIONS)
        process = self.random.choice(self.processes)
        try:
            what(self, process)
        except Crash:
            self.kill(process)
        except RecordsRefused:
            raise
        except HooklineError:
            pass

    def start(self, process: Journals) -> None:
        run_id = f"{self.random.getrandbits(128):032x}"
        new = NewRun(self.random.choice(["0", ""]), run_id=run_id, run_name="a run")
        writer = process.open(new.run_id, primary=True)
        self._began(process, Writing(new.run_id, writer, primary=True))
        writer.event("created", experiment="Default", run=asdict(new))

    def join(self, process: Journals) -> None:
        started = [each.run_id for each in self.everything if each.primary]
        if started:
            run_id = self.random.choice(started)
            self._began(process, Writing(run_id, process.open(run_id, primary=False), primary=False))

    def _began(self, process: Journals, new: Writing) -> None:
        self.open[process].append(new)
        self.everything.append(new)

    def log(self, process: Journals) -> None:
        for one in self.open[process]:
            for _ in range(self.random.randint(0, 12)):
                chance = self.random.random()
                if chance < 0.2:
                    keys = ("a", "b", "c")[: self.random.randint(1, 3)]
                    one.writer.row(keys, [1.0 / (n + 2) for n in range(len(keys))], self.next_step, 1)
                    one.points += [self.next_step + 1 / (n + 2) for n in range(len(keys))]
                elif chance < 0.8:
                    one.writer.point(self.random.choice("abc"), 0.0, self.next_step, 1)
                    one.points.append(self.next_step)
                else:
                    size = self.random.randint(0, 3)
                    steps = range(self.next_step, self.next_step + size)
                    param = {f"p{self.next_step}": "v"} if self.random.random() < 0.5 else {}
                    series = [as_points(self.random.choice("abc"), [0.0], [step], [1]) for step in steps]
                    one.writer.batch(param, {"t": str(self.next_step)}, series=series)
                    one.points += steps
                    one.params |= param
                    self.next_step += size
                one.writer_id = one.writer.writer_id
                self.next_step += 1

    def end(self, process: Journals) -> None:
        if self.open[process]:
            one = self.open[process].pop(self.random.randrange(len(self.open[process])))
            status = self.random.choice(["FINISHED", "FAILED", "KILLED"])
            if one.primary:
                one.writer.seal({"event": "changed", "status": status, "end_time": 5_000_000_000_000})
                one.status = status
            else:
                one.writer.seal()
            if self.random.random() < 0.5:
                process.flush(one.writer)

    def flush(self, process: Journals) -> None:
        for one in self.open[process]:
            process.flush(one.writer)
            stored = self.points(self.stores[0], one.run_id)
            assert set(one.points) <= set(stored), "what was flushed is not stored"

    def tick(self, process: Journals) -> None:
        process._sync()
        if self.random.random() < 0.7:
            process._away.clear()
        process._tick()

    def catch_up(self, process: Journals) -> None:
        process.catch_up()
        if not any(store.away or store.trouble for store in self.stores[:1]):
            for one in self.everything:  # what any process of this machine logged is seen at once
                assert set(one.points) <= set(self.points(self.stores[0], one.run_id)), "not seen at once"

    def close(self, process: Journals) -> None:
        process.close()

    def finish(self, process: Journals) -> None:
        while any(one.primary for one in self.open[process]):
            self.end(process)
        self.open[process].clear()
        process.finish()
        self.kill(process)

    def kill(self, process: Journals) -> None:
        """Its files are closed, its locks are gone."""
        for one in self.open.pop(process):
            one.was_killed = True
        for writer in list(process._writers):
            writer.close()
        self.processes.remove(process)
        if not self.is_over and (not self.processes or self.random.random() < 0.8):
            self.new_process()

    def weather(self, _process: Journals) -> None:
        for store in self.stores:
            store.away = self.random.random() < 0.3
            store.trouble = self.random.choice([0.0, 0.0, 0.1, 0.5])

    def arrive(self, _process: Journals) -> None:
        self.random.choice(self.stores).deliver_late()

    # What must hold --------------------------------------------------------------------------------------------------

    def points(self, store: Store, run_id: str) -> list[float]:
        if run_id not in store._runs:
            return []
        stored = [point for series in store._runs[run_id].series.values() for point in series]
        return [point.step + point.value for point in stored]  # a point of a call is named by its step, of a row so

    def check_always(self) -> None:
        for store in self.stores:
            for run_id in store._runs:
                stored = self.points(store, run_id)
                assert len(stored) == len(set(stored)), "a point is stored twice"

    def settle(self) -> None:
        """The storm is over, and everybody goes home."""
        self.is_over = True
        for store in self.stores:
            store.away, store.trouble = False, 0.0
        while self.processes:
            process = self.processes[0]
            if self.random.random() < 0.5:
                self.kill(process)
            else:
                self.finish(process)
        for store in self.stores:
            store.deliver_late()
        reader = Journals(lambda: self.root, self.sinks, JournalSettings())
        for _ in range(3):
            reader._away.clear()
            reader.catch_up()

    def check_end(self) -> None:
        for store in self.stores:
            for run_id in {one.run_id for one in self.everything}:
                self._check_run(store, run_id, [one for one in self.everything if one.run_id == run_id])
        left = [path for path in self.root.rglob("*") if path.is_file()]
        assert not left, f"left over: {left}"

    def _check_run(self, store: Store, run_id: str, writings: list[Writing]) -> None:
        expected = sorted(step for one in writings for step in one.points)
        assert sorted(self.points(store, run_id)) == expected, "points are missing, or twice"
        (first,) = [one for one in writings if one.primary]
        run = store._runs[run_id]
        assert run.params == {key: value for one in writings for key, value in one.params.items()}
        assert run.info.status.value == (first.status or "FAILED")
        assert run.tags.get("hookline.status_reason") == (None if first.status else "process gone")
        lost = {tag.removeprefix("hookline.lost_writer.") for tag in run.tags if "lost_writer" in tag}
        assert lost <= {one.writer_id for one in writings if one.was_killed}, "a process that ended well is lost"


ACTIONS = [
    *[World.log] * 8,
    *[World.tick] * 5,
    *[World.catch_up] * 3,
    *[World.start] * 2,
    *[World.flush] * 2,
    *[World.weather] * 2,
    *(World.join, World.end, World.close, World.arrive, World.kill, World.finish),
]


@pytest.fixture
def quick(monkeypatch):
    """No threads, no waiting for the disk, small files; and a process may die before it removes a file."""
    monkeypatch.setattr(Background, "start", lambda _self: None)
    monkeypatch.setattr(writing, "sync_file", lambda _file: None)
    return monkeypatch


def any_hex(random: Random, size: int) -> str:
    return f"{random.getrandbits(8 * size):0{2 * size}x}"


def deadly(random: Random, function):
    def call(*arguments):
        if random.random() < 0.05:
            raise Crash
        function(*arguments)
        if random.random() < 0.05:
            raise Crash

    return call


@pytest.mark.parametrize("part", range(PARTS))
def test_every_schedule_ends_well(quick, part):
    seeds = range(part, SCHEDULES, PARTS) if SEED is None else [int(SEED)] * (part == 0)
    for seed in seeds:
        random = Random(-seed - 1)
        root = Path(tempfile.mkdtemp(prefix="hookline-", dir=MEMORY if MEMORY.is_dir() else None))
        try:
            with quick.context() as patch:
                patch.setattr(service, "SEGMENT_BYTES", random.choice([1, 100, 300, 1000, 2**20]))
                patch.setattr(writing.secrets, "token_hex", partial(any_hex, random))
                world = World(root / "journals", seed)
                with quick.context() as deaths:
                    remove = deadly(random, JournalFiles.remove_segment)
                    deaths.setattr(JournalFiles, "remove_segment", remove)
                    for _ in range(world.random.randint(5, 80)):
                        world.act()
                        world.check_always()
                world.settle()
                world.check_end()
        except BaseException as error:
            error.add_note(f"again with: HOOKLINE_TEST_SEED={seed}")
            raise
        finally:
            shutil.rmtree(root)
