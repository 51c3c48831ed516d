"""What was logged survives the process that logged it, with no step by hand: as seen from the command line."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hookline import Config, Workspace
from hookline.errors import RecordsRefused

WRITER = """
import os, signal, sys, hookline
run = hookline.start_run(run_id=sys.argv[1] if len(sys.argv) > 1 else None)
for step in range(1000):
    hookline.log_metric("loss", 1 / (step + 1), step=step)
hookline.log_param("p", os.environ.get("P", "1"))
hookline.set_tag("t", "x")
print(run.run_id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_writer(command, *words: str, **variables: str) -> str:
    """The id of the run that a program logged into, which killed itself right after its last call."""
    done = subprocess.run(
        [sys.executable, "-c", WRITER, *words],
        cwd=command.folder,
        env={**command.environment, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.stdout.strip()


def shown(command, run_id: str):
    return json.loads(command("runs", "show", run_id, "--json"))


def journals(command) -> Path:
    return command.folder / ".hookline" / "hookline.db.journals"


def test_a_killed_process_loses_nothing_and_its_run_has_failed(hookline_command):
    run_id = killed_writer(hookline_command)
    assert list(journals(hookline_command).glob("*.journal"))
    found = shown(hookline_command, run_id)
    assert (found["info"]["status"], found["info"]["status_reason"]) == ("FAILED", "process gone")
    assert (found["data"]["params"], found["data"]["tags"]["t"]) == ({"p": "1"}, "x")
    points = json.loads(hookline_command("runs", "history", run_id, "loss", "--json"))
    assert [point["step"] for point in points] == list(range(1000))
    assert "FAILED (process gone)" in hookline_command("runs", "search", "attributes.status = 'FAILED'")
    assert not list(journals(hookline_command).iterdir()), "the store has it for good"
    said = hookline_command("verify", run_id)
    assert "1,000 points of 1 writer," in said
    assert "complete" in said


def test_journals_of_another_machine_are_delivered_from_a_copy(hookline_command, tmp_path_factory):
    run_id = killed_writer(hookline_command)
    copy = tmp_path_factory.mktemp("usb") / "journals"
    shutil.copytree(journals(hookline_command), copy)
    other = type(hookline_command)(tmp_path_factory.mktemp("other"))
    for _ in range(2):  # a second time changes nothing
        assert run_id in other("sync", str(copy))
    assert len(json.loads(other("runs", "history", run_id, "loss", "--json"))) == 1000
    assert list(copy.glob("*.journal")), "what belongs to another machine is left as it is"


def test_what_the_store_refuses_is_set_aside_and_told(hookline_command):
    home = hookline_command.folder / ".hookline"
    with Workspace(Config.from_mapping({}, home=home)) as one, Workspace(Config.from_mapping({}, home=home)) as two:
        first = one.start_run()
        second = two.start_run(run_id=first.run_id)
        first.log_param("p", "1")
        first.flush()
        second.log_metric("loss", 1.0, step=1)
        second.log_param("p", "2")
        second.log_metric("loss", 2.0, step=2)
        with pytest.raises(RecordsRefused, match="Changing param values is not allowed"):
            second.flush()
        second.flush()  # told once
        first.end()
    found = shown(hookline_command, first.run_id)
    assert (found["data"]["params"], found["data"]["metrics"]["loss"]) == ({"p": "1"}, 2.0)
    assert "Changing param values is not allowed" in hookline_command("runs", "show", first.run_id)
    hookline_command("verify", first.run_id, code=1)
    assert "refused" in hookline_command.said


def test_sync_says_that_there_is_nothing(hookline_command):
    hookline_command("experiments", "list")
    assert "nothing to deliver" in hookline_command("sync")
    hookline_command("sync", "not-there", code=1)
    assert "There is no folder" in hookline_command.said


def test_a_mirror_has_everything_as_well(hookline_command):
    (hookline_command.folder / "hookline.yaml").write_text("tracking: [sqlite:///first.db, sqlite:///second.db]\n")
    run_id = killed_writer(hookline_command)
    for name in ("first", "second"):
        uri = f"sqlite:///{name}.db"
        points = json.loads(hookline_command("--tracking-uri", uri, "runs", "history", run_id, "loss", "--json"))
        assert len(points) == 1000, name
    assert not list((hookline_command.folder / "first.db.journals").iterdir())


def test_gc_removes_what_the_journal_kept_of_a_deleted_run(hookline_command):
    home = hookline_command.folder / ".hookline"
    with Workspace(Config.from_mapping({}, home=home)) as one, Workspace(Config.from_mapping({}, home=home)) as two:
        first = one.start_run()
        second = two.start_run(run_id=first.run_id)
        first.log_param("p", "1")
        first.flush()
        second.log_param("p", "2")
        with pytest.raises(RecordsRefused):
            second.flush()
        second.end()
        first.end()
    assert [each.suffix for each in journals(hookline_command).iterdir()] == [".refused"]
    hookline_command("runs", "delete", first.run_id)
    hookline_command("gc", "--yes")
    assert not list(journals(hookline_command).iterdir())
    hookline_command("runs", "show", first.run_id, code=1)
