"""Programs that are killed: a process that imports once and forks one for each line that it reads.

A line is JSON: `{"call": NAME, ...arguments}`; the answer is the process id. What was acknowledged stands in a file, a
step a line, written after `log_metric` returned.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import hookline_tracking_sql.store  # noqa: F401 - before the fork, since it takes long
from hookline import Config, Workspace
from hookline.errors import HooklineError, Unavailable


def workspace_of(folder: str, busy_timeout: float = 30.0, journal: str | None = None) -> Workspace:
    home = Path(folder)
    settings = {
        "tracking": {"uri": f"sqlite:///{home / 'store.db'}", "options": {"busy_timeout": busy_timeout}},
        "artifacts": str(home / "files"),
        "journal": {"ship_seconds": 0.005, "fsync_seconds": 0.02, "folder": journal},
        "plugins": {"allow": ["tracking-sql", "artifact-file"]},
    }
    return Workspace(Config.from_mapping(settings, home=home))


class Acknowledged:
    """Notes what a call returned from, where the death of this process cannot reach it."""

    def __init__(self, name: str) -> None:
        self._file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __call__(self, what: object) -> None:
        os.write(self._file, f"{what}\n".encode())


def write(folder: str, noted: str, count: int = 10**9, segment_bytes: int = 20_000, **options) -> None:
    """Log until killed, or `count` points and then the end."""
    from hookline.journal import service

    service.SEGMENT_BYTES = segment_bytes
    note = Acknowledged(noted)
    with workspace_of(folder, **options) as workspace:
        run = workspace.runs.start(run_id=None, surroundings=False, sampled=False)
        note(run.run_id)
        for step in range(count):
            if step % 50:
                run.log_metric("m", 1.0, step)
            else:
                run.log_metrics({"m": 1.0, "other": 2.0}, step)
            note(step)
        run.end()
        note("ended")


def read(folder: str) -> None:
    """Ship what others log, until killed."""
    with workspace_of(folder) as workspace:
        while True:
            workspace.journals.catch_up()


def lock_store(folder: str, noted: str, seconds: float) -> None:
    """Keep everybody from the store for some seconds."""
    import sqlite3

    connection = sqlite3.connect(Path(folder) / "store.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    Acknowledged(noted)("locked")
    time.sleep(seconds)
    connection.execute("COMMIT")
    connection.close()
    Acknowledged(noted)("unlocked")


def write_while_the_store_is_away(folder: str, noted: str, locker: str, **options) -> None:
    note = Acknowledged(noted)
    with workspace_of(folder, busy_timeout=0.05, **options) as workspace:
        run = workspace.runs.start(surroundings=False, sampled=False)
        note(run.run_id)
        run.flush()
        note("flushed")
        step, refusals = 0, 0
        while "unlocked" not in Path(locker).read_text(encoding="utf-8") if Path(locker).exists() else True:
            run.log_metric("m", 1.0, step)
            note(step)
            step += 1
            if step % 500 == 0:
                try:
                    run.flush()
                except Unavailable:
                    refusals += 1
        note(f"refusals {refusals}")
        run.end()
        note("ended")


def write_to_a_full_disk(folder: str, noted: str, journal: str) -> None:
    """Log more than the disk of the journal has room for, while the store is slower; go on when there is room."""
    note = Acknowledged(noted)
    filler = Path(journal) / "filler"
    filler.write_bytes(bytes(700_000))
    with workspace_of(folder, journal=journal) as workspace:
        run = workspace.runs.start(surroundings=False, sampled=False)
        note(run.run_id)
        refusals = 0
        for step in range(60_000):
            try:
                run.log_metric("m", 1.0, step)
                note(step)
            except Unavailable:
                refusals += 1
                if refusals == 1000:
                    filler.unlink()
        note(f"refusals {refusals}")
        run.end()
        note("ended")


def write_with_a_clock_that_is_set_back(folder: str, noted: str) -> None:
    """An hour back, in the middle: everything that asks for the time of day sees it."""
    note, real, real_ns = Acknowledged(noted), time.time, time.time_ns
    with workspace_of(folder) as workspace:
        run = workspace.runs.start(surroundings=False, sampled=False)
        note(run.run_id)
        for step in range(3000):
            if step == 1500:
                time.time = lambda: real() - 3600
                time.time_ns = lambda: real_ns() - 3600 * 10**9
                for module in list(sys.modules.values()):
                    if getattr(module, "time_ns", None) is real_ns and module is not time:
                        module.time_ns = time.time_ns
            run.log_metric("m", 1.0, step)
            note(step)
        run.end()
        note("ended")


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that nobody has to bury them
    for line in sys.stdin:
        given = json.loads(line)
        call = globals()[given.pop("call")]
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            code = 1
            try:
                call(**given)
                code = 0
            except HooklineError as error:
                print(f"{call.__name__}: {error!r}", file=sys.stderr, flush=True)
            finally:
                os._exit(code)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
