"""Deleting for good deletes what is marked deleted, with its files, and nothing else."""

import pytest
from attrs import evolve

from hookline.entities import (
    LifecycleStage,
    LoggedModelChange,
    ModelChange,
    NewLoggedModel,
    NewModelVersion,
    NewRun,
    RunChange,
    now_ms,
)
from hookline.errors import NotFound, NotSupported, Refused
from hookline.interfaces import TrackingStore
from hookline.testing import MemoryArtifactStore

DAY = 86_400_000


@pytest.fixture
def home(workspace):
    return workspace.housekeeping


def run_with_file(workspace, text="content", **options):
    with workspace.start_run(**options) as run:
        run.log_text(text, "folder/notes.txt")
    return run.info


def ids(things):
    return [each.id for each in things]


def files(workspace, uri):
    return [each.path for each in workspace.artifacts.walk(workspace.artifacts.locate(uri))]


def test_deleted_runs_go_with_their_files(workspace, home):
    kept, gone = run_with_file(workspace), run_with_file(workspace, "12345")
    workspace.runs.delete(gone.run_id)
    found = home.find()
    assert (ids(found.things), found.kept, found.files, found.bytes) == ([gone.run_id], (), 1, 5)
    assert files(workspace, gone.artifact_uri), "finding changes nothing"
    done = home.delete(found)
    assert (done.things, done.files, done.bytes) == (found.things, 1, 5)
    assert files(workspace, gone.artifact_uri) == []
    assert files(workspace, kept.artifact_uri) == ["folder/notes.txt"]
    with pytest.raises(NotFound):
        workspace.runs.get(gone.run_id)
    assert workspace.runs.get(kept.run_id).info == kept
    assert home.find().things == ()


def test_what_was_deleted_of_late_stays(workspace, home):
    gone = run_with_file(workspace)
    workspace.runs.delete(gone.run_id)
    assert home.find(DAY).things == ()
    assert home.delete(home.find(DAY)).things == ()
    assert files(workspace, gone.artifact_uri)


def test_an_experiment_goes_with_runs_models_and_files(workspace, home):
    place = workspace.experiments.create("e", artifact_location="artifacts:/elsewhere").experiment_id
    run = run_with_file(workspace, experiment_id=place)
    model = workspace.logged_models.create_logged_model(NewLoggedModel(place, "m", source_run_id=run.run_id))
    workspace.experiments.delete(place)
    done = home.delete(home.find())
    assert ids(done.things) == [run.run_id, model.model_id, place]
    assert files(workspace, run.artifact_uri) == []


def test_what_a_registered_model_refers_to_stays(workspace, home):
    by_run, by_source, plain = (run_with_file(workspace) for _ in range(3))
    model = workspace.logged_models.create_logged_model(NewLoggedModel("0", "m"))
    workspace.model_registry.create_model("prod")
    for version in (
        NewModelVersion("prod", "file:///elsewhere", run_id=by_run.run_id),
        NewModelVersion("prod", f"{by_source.artifact_uri}/model"),
        NewModelVersion("prod", f"models:/{model.model_id}"),
    ):
        workspace.model_registry.create_version(version)
    for each in (by_run, by_source, plain):
        workspace.runs.delete(each.run_id)
    workspace.logged_models.update_logged_model(
        model.model_id, LoggedModelChange(lifecycle_stage=LifecycleStage.DELETED)
    )
    found = home.find()
    assert ids(found.things) == [plain.run_id]
    assert {each.thing.id for each in found.kept} == {by_run.run_id, by_source.run_id, model.model_id}
    assert "version 1 of the registered model 'prod' refers to it" in {each.reason for each in found.kept}
    assert ids(home.delete(found).things) == [plain.run_id]
    workspace.model_registry.update_model("prod", ModelChange(name="renamed"))
    workspace.model_registry.delete_model("renamed")
    assert len(home.delete(home.find()).things) == 3


def test_what_is_restored_before_it_goes_stays_whole(workspace, home):
    run = run_with_file(workspace)
    workspace.runs.delete(run.run_id)
    found = home.find()
    workspace.runs.restore(run.run_id)
    assert home.delete(found).things == ()
    assert files(workspace, run.artifact_uri) == ["folder/notes.txt"]


def test_files_that_cannot_be_removed_are_left_for_another_time(workspace, home, monkeypatch):
    runs = [run_with_file(workspace) for _ in range(3)]
    for each in runs:
        workspace.runs.delete(each.run_id)
    delete = MemoryArtifactStore.delete

    def refuse(self, key):
        if runs[1].run_id in key:
            raise Refused("not yours")
        delete(self, key)

    monkeypatch.setattr(MemoryArtifactStore, "delete", refuse)
    done = home.delete(home.find())
    assert (ids(done.things), done.files) == ([runs[0].run_id, runs[2].run_id], 2)
    assert [(each.thing.id, each.reason) for each in done.kept] == [(runs[1].run_id, "not yours")]
    assert files(workspace, runs[1].artifact_uri)
    monkeypatch.undo()
    again = home.delete(home.find())
    assert (ids(again.things), again.files) == ([runs[1].run_id], 1)
    assert files(workspace, runs[1].artifact_uri) == []


def test_a_crash_while_files_are_removed_loses_nothing(workspace, home, monkeypatch):
    """What was claimed is remembered with its files, whatever ended the process."""
    run = run_with_file(workspace)
    workspace.runs.delete(run.run_id)

    def crash(_self, _key):
        raise KeyboardInterrupt

    monkeypatch.setattr(MemoryArtifactStore, "delete", crash)
    with pytest.raises(KeyboardInterrupt):
        home.delete(home.find())
    monkeypatch.undo()
    assert files(workspace, run.artifact_uri)
    done = home.delete(home.find())
    assert (ids(done.things), done.files) == ([run.run_id], 1)
    assert files(workspace, run.artifact_uri) == []


def test_files_that_cannot_be_reached_hinder_nothing_else(workspace, home):
    place = workspace.experiments.create("e", artifact_location="nowhere://bucket").experiment_id
    far = workspace.tracking.create_run(NewRun(place)).info
    near = run_with_file(workspace)
    for each in (far, near):
        workspace.runs.delete(each.run_id)
    found = home.find()
    assert (ids(found.things), [each.thing.id for each in found.kept]) == ([near.run_id], [far.run_id])
    assert "nowhere" in found.kept[0].reason
    assert ids(home.delete(found).things) == [near.run_id]
    assert workspace.runs.get(far.run_id).info.lifecycle_stage == "deleted"


def test_only_a_folder_of_its_own_is_removed(workspace, home):
    run = run_with_file(workspace)
    stored = workspace.tracking._runs[run.run_id]
    stored.info = evolve(run, artifact_uri="memory:shared")
    workspace.runs.delete(run.run_id)
    found = home.find()
    assert found.things == ()
    assert "memory:shared, lie in no folder of its own" in found.kept[0].reason


def test_a_store_that_deletes_nothing_for_good_says_so(workspace, home, monkeypatch):
    monkeypatch.setattr(type(workspace.tracking), "purge", TrackingStore.purge)
    with pytest.raises(NotSupported, match="deletes nothing for good"):
        home.find()


def test_deletion_is_of_the_moment_it_was_found(workspace, home):
    """What is deleted between asking and confirming is not what was confirmed."""
    first, second = (run_with_file(workspace) for _ in range(2))
    workspace.runs.delete(first.run_id)
    found = home.find()
    workspace.tracking.update_run(second.run_id, RunChange(lifecycle_stage=LifecycleStage.DELETED))
    workspace.tracking._runs[second.run_id].deleted_time = now_ms() + DAY
    assert ids(home.delete(found).things) == [first.run_id]
