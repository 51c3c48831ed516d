"""Children of `multiprocessing`: what they log is stored, and one that ends normally is not missed."""

import multiprocessing
import subprocess
import sys

import pytest

PROGRAM = """
import multiprocessing
import sys

import hookline
from hookline import Workspace


def run_of(run_id):
    return hookline.active_run() or Workspace().runs.attached(run_id)


def log(run_id, number):
    run = run_of(run_id)
    for step in range(5):
        run.log_metric("child", 1.0, number * 10 + step)


def fail(run_id, number):
    log(run_id, number)
    raise SystemExit(3)


def start(_run_id, name):
    global run
    run = Workspace().runs.start(run_name=name)
    run.log_metric("m", 1.0)


def start_and_fail(run_id, name):
    start(run_id, name)
    raise SystemExit(3)


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with hookline.start_run(run_name="parent") as run:
        run.flush()
        calls = [(log, 0), (log, 1), (fail, 2), (start, "ends"), (start_and_fail, "fails")]
        children = [context.Process(target=call, args=(run.run_id, given)) for call, given in calls]
        for each in children:
            each.start()
        for each in children:
            each.join()
        with context.Pool(2) as pool:
            pool.starmap(log, [(run.run_id, 3), (run.run_id, 4)])
            pool.close()
            pool.join()
    with Workspace() as workspace:
        found = {each.info.run_name: each for each in workspace.search_runs()}
        steps = sorted(workspace.runs.history(run.run_id, "child").steps)
        assert steps == [number * 10 + step for number in range(5) for step in range(5)], steps
        lost = [tag for tag in found["parent"].data.tags if "lost" in tag]
        seen = {name: (each.info.status.value, each.info.status_reason) for name, each in found.items()}
        print(lost, sorted(seen.items()))
"""


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_children_that_end_normally_are_not_missed(tmp_path, hookline_command, method):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(program), method],
        cwd=tmp_path,
        env=hookline_command.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    expected = [("ends", ("FINISHED", "")), ("fails", ("FAILED", "")), ("parent", ("FINISHED", ""))]
    assert done.stdout.strip() == f"[] {expected}"
    assert not list(tmp_path.rglob("*.journal"))
