"""`hookline gc`."""

import json

import click
import pytest

from hookline.cli import gc
from hookline.entities import RunChange


@pytest.fixture
def runs(hookline):
    """Ids of two deleted runs with a file each, and of one that is not deleted."""
    ids = []
    with hookline.workspace() as workspace:
        for text in ("12345", "x" * 2000, "kept"):
            with workspace.start_run() as run:
                run.log_text(text, "notes.txt")
            ids.append(run.run_id)
        for run_id in ids[:2]:
            workspace.runs.delete(run_id)
    return ids


def test_a_dry_run_says_what_would_go(hookline, runs):
    done = hookline("gc", "--dry-run")
    assert done.out == "Would delete for good: 2 runs; 2 files, 2.0 kB.\n"
    for run_id in runs:
        hookline("runs", "show", run_id)


def test_what_goes_is_gone(hookline, runs):
    assert hookline("gc", "--yes").out == "Deleted for good: 2 runs; 2 files, 2.0 kB.\n"
    assert hookline("gc", "--yes").out == "Deleted for good: nothing; 0 files, 0 bytes.\n"
    hookline("runs", "show", runs[2])
    for run_id in runs[:2]:
        assert "not found" in hookline("runs", "restore", run_id, code=1).said


def test_json_names_everything(hookline, runs):
    told = json.loads(hookline("gc", "--yes", "--json").out)
    assert {each["id"] for each in told.pop("deleted")} == set(runs[:2])
    assert told == {"dry_run": False, "kept": [], "files": 2, "bytes": 2005, "unfinished": {"files": 0, "bytes": 0}}


def test_only_what_is_older_goes(hookline, runs):
    done = hookline("gc", "--older-than", "1d12h", "--yes")
    assert done.out == "Deleted for good: nothing; 0 files, 0 bytes.\n"


def test_a_program_must_confirm(hookline, runs):
    assert "Add --yes to confirm it" in hookline("gc", code=2).said
    hookline("runs", "show", runs[0])


@pytest.mark.parametrize(("agrees", "code"), [(False, 1), (True, 0)])
def test_a_person_is_asked(hookline, runs, monkeypatch, agrees, code):
    asked = []

    def answer(question):
        asked.append(question)
        if not agrees:
            raise click.Abort

    monkeypatch.setattr(gc, "confirm", answer)
    hookline("gc", code=code)
    assert asked == ["Delete for good: 2 runs; 2 files, 2.0 kB?"]
    hookline("runs", "show", runs[0], code=1 - code)


def test_what_stays_is_said_with_its_reason(hookline, runs):
    with hookline.workspace() as workspace:
        place = workspace.experiments.create("far", artifact_location="nowhere://bucket").experiment_id
        with workspace.start_run(experiment_id=place) as far:
            pass
        workspace.runs.delete(far.run_id)
    done = hookline("gc", "--yes")
    assert f"kept: run {far.run_id}: " in done.said
    assert "2 runs" in done.out


@pytest.mark.parametrize("wrong", ["", "5", "30days", "-1d", "1h1d", "1.5h"])
def test_a_time_has_a_form(hookline, wrong):
    assert "is no time such as" in hookline("gc", "--older-than", wrong, code=2).said


def test_deleting_and_restoring_go_on_as_before(hookline, runs):
    hookline("runs", "restore", runs[0])
    with hookline.workspace() as workspace:
        assert workspace.runs.update(runs[0], RunChange(run_name="back")).lifecycle_stage == "active"
    assert hookline("gc", "--yes").out.startswith("Deleted for good: 1 run;")


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1500, "1.5 kB"), (2.5e15, "2500.0 TB")]
)
def test_sizes_are_for_people(size, shown):
    assert gc._size(size) == shown
