"""`hookline gc` on a real store and real files, also where a process ends in the middle of it."""

import json
import os
import subprocess
import sys

PROGRAM = """
import sys
from pathlib import Path
from hookline import Workspace

with Workspace() as workspace:
    near = workspace.experiments.create("near").experiment_id
    far = workspace.experiments.create("far", artifact_location=Path("elsewhere").absolute().as_uri()).experiment_id
    for place in (near, near, far, far):
        with workspace.start_run(experiment_id=place) as run:
            run.log_metric("loss", 1.0)
            run.log_text("x" * 100, "folder/text.txt")
        print(run.run_id)
"""
KILLED_IN_THE_MIDDLE = """
import os
from hookline import Workspace
from hookline_artifact_file.store import FileArtifactStore

delete = FileArtifactStore.delete
done = []


def delete_one_and_die(self, key):
    if done:
        os.kill(os.getpid(), 9)
    delete(self, key)
    done.append(key)


FileArtifactStore.delete = delete_one_and_die
with Workspace() as workspace:
    workspace.housekeeping.delete(workspace.housekeeping.find())
"""


def python(command, code):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=command.folder,
        env=command.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def texts(folder):
    return set(folder.rglob("text.txt"))


def test_a_killed_gc_is_finished_by_the_next(hookline_command, tmp_path):
    runs = python(hookline_command, PROGRAM).stdout.split()
    assert len(texts(tmp_path)) == 4
    hookline_command("runs", "delete", runs[0])
    hookline_command("experiments", "delete", "far")
    told = json.loads(hookline_command("gc", "--dry-run", "--json"))
    assert ([each["id"] for each in told["deleted"]], told["files"], told["bytes"]) == (
        [runs[0], runs[2], runs[3], "2"],
        3,
        300,
    )
    assert python(hookline_command, KILLED_IN_THE_MIDDLE).returncode == -9
    assert len(texts(tmp_path)) == 3
    told = json.loads(hookline_command("gc", "--yes", "--json"))
    assert (told["files"], told["bytes"], told["kept"]) == (2, 200, [])
    (left,) = texts(tmp_path)
    assert runs[1] in left.parts
    assert not any((tmp_path / "elsewhere").iterdir())
    hookline_command("runs", "show", runs[1])
    for run_id in (runs[0], runs[2], runs[3]):
        hookline_command("runs", "show", run_id, code=1)
    hookline_command("experiments", "show", "far", code=1)
    assert "no problem found" in hookline_command("db", "check")
    assert hookline_command("gc", "--yes") == "Deleted for good: nothing; 0 files, 0 bytes.\n"


KILLED_WHILE_IT_WRITES = """
import os
from hookline import Workspace
from hookline_artifact_file import folders


def write_a_part_and_die(source, target):
    os.write(target, b"12345")
    os.kill(os.getpid(), 9)


folders.copy = write_a_part_and_die
with Workspace() as workspace, workspace.start_run() as run:
    run.log_text("x" * 100, "folder/text.txt")
"""


def test_what_a_killed_writer_left_goes_when_it_is_a_day_old(hookline_command, tmp_path):
    assert python(hookline_command, KILLED_WHILE_IT_WRITES).returncode == -9
    (left,) = tmp_path.rglob("* hookline-*")
    nothing = {"files": 0, "bytes": 0}
    assert json.loads(hookline_command("gc", "--yes", "--json"))["unfinished"] == nothing
    os.utime(left, (0, 0))
    one = {"files": 1, "bytes": 5}
    assert json.loads(hookline_command("gc", "--dry-run", "--json"))["unfinished"] == one
    assert left.exists()
    assert json.loads(hookline_command("gc", "--json"))["unfinished"] == one, "nobody is asked"
    assert not left.exists()
    assert json.loads(hookline_command("gc", "--json"))["unfinished"] == nothing
