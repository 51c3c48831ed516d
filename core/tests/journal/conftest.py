"""Fixtures of the journal's tests: a machine whose processes are objects and whose threads run when a test says so."""

import os
from pathlib import Path

import pytest
from attrs import asdict

from hookline.config import JournalSettings
from hookline.entities import NewRun
from hookline.experiments import Experiments
from hookline.journal import Journals, JournalWriter
from hookline.journal.background import Background
from hookline.journal.shipping import Sink
from hookline.testing.memory_tracking import MemoryTrackingStore

HEADER = {"host": "host", "boot_id": "boot", "process": "17 4711"}


@pytest.fixture
def make_writer(tmp_path):
    """Makes writers of the run "run", which need nobody who ships."""
    made = []

    def make(folder: Path = tmp_path / "run", segment_bytes: int = 1 << 20, room=lambda _more: None, **options):
        options = {"primary": True, "on_open": lambda _writer: None, **options}
        header = lambda primary: {**HEADER, "primary": primary}  # noqa: E731
        made.append(JournalWriter(folder, "run", header, segment_bytes=segment_bytes, room=room, **options))
        return made[-1]

    yield make
    for writer in made:
        writer.close()


def sink_of(store, name="store", *, is_primary=True):
    """A sink for a store; an experiment that is not there is made."""
    experiments = Experiments(lambda: store)
    return Sink(name, lambda: store, lambda wanted: experiments.get_or_create(wanted).experiment_id, is_primary)


class Machine:
    """A folder of journals and the stores that they go to; each of its processes is a `Journals` of its own."""

    def __init__(self, root: Path, *stores):
        self.root, self.stores = root, stores or (MemoryTrackingStore(),)
        self.sinks = [sink_of(each, f"store-{n}", is_primary=n == 0) for n, each in enumerate(self.stores)]

    @property
    def store(self):
        return self.stores[0]

    def process(self, **settings) -> Journals:
        return Journals(lambda: self.root, self.sinks, JournalSettings(**settings))

    def start_run(self, process: Journals, experiment: str = "Default", *, is_away: bool = False) -> JournalWriter:
        """Return the writer of a new run, as `Runs.start` makes it; one that starts while the store is away."""
        found = None if is_away else self.store.get_experiment_by_name(experiment)
        new = NewRun(found.experiment_id if found else "", run_name="a run")
        writer = process.open(new.run_id, primary=True)
        writer.event("created", experiment=experiment, run=asdict(new))
        return writer

    def kill(self, process: Journals) -> None:
        """What the system does for a process that was killed: its files are closed, its locks are gone."""
        for writer in list(process._writers):
            writer.close()
        process._tracks.clear()

    def steps(self, run_id: str, key: str = "m", store=None) -> list[int]:
        return [one.step for block in (store or self.store).metric_history(run_id, key) for one in block]

    def status(self, run_id: str) -> str:
        return self.store.get_run(run_id).info.status.value

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.root.rglob("*") if path.is_file())


@pytest.fixture
def without_threads(monkeypatch):
    """Nothing is done in the background."""
    monkeypatch.setattr(Background, "start", lambda _self: None)


@pytest.fixture
def machine(tmp_path, without_threads):
    return Machine(tmp_path / "journals")


@pytest.fixture
def make_machine(tmp_path, without_threads):
    return lambda *stores: Machine(tmp_path / "journals", *stores)


@pytest.fixture
def log_points():
    """Logs points of the series "m" whose values are their steps."""

    def log(writer, *steps, key="m"):
        for step in steps:
            writer.point(key, float(step), step, 1000 + step)

    return log


@pytest.fixture
def in_child():
    """Runs a function in a forked child and waits; the child leaves without any exit handler."""

    def run(function) -> int:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                function()
                code = 0
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    return run
