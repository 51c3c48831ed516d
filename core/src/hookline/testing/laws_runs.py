"""The laws of runs: making, changing, deleting; part of `TrackingStoreSuite`."""

from collections.abc import Callable

import pytest
from attrs import evolve

from hookline.entities import (
    Batch,
    Dataset,
    DatasetInput,
    LifecycleStage,
    Metric,
    ModelOutput,
    NewRun,
    RunChange,
    RunStatus,
)
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import TrackingStore
from hookline.testing.store_suite import StoreSuite

NAME_TAG = "mlflow.runName"
DELETED = RunChange(lifecycle_stage=LifecycleStage.DELETED)
RESTORED = RunChange(lifecycle_stage=LifecycleStage.ACTIVE)
WRITES: dict[str, Callable[[TrackingStore, str], object]] = {
    "metric": lambda store, run_id: store.log_batch(run_id, Batch(metrics=[Metric("m", 1.0)])),
    "param": lambda store, run_id: store.log_batch(run_id, Batch(params={"p": "1"})),
    "tag": lambda store, run_id: store.log_batch(run_id, Batch(tags={"t": "1"})),
    "inputs": lambda store, run_id: store.log_inputs(run_id, [DatasetInput(Dataset("d", "1"))]),
    "outputs": lambda store, run_id: store.log_outputs(run_id, [ModelOutput("m-1")]),
    "status": lambda store, run_id: store.update_run(run_id, RunChange(status=RunStatus.FAILED)),
    "name": lambda store, run_id: store.update_run(run_id, RunChange(run_name="other")),
    "delete_tag": lambda store, run_id: store.delete_tag(run_id, NAME_TAG),
}


class RunLaws(StoreSuite):
    """A run's id is its client's; its name is in its tags; a deleted run is read and not written."""

    def test_a_run_is_stored_as_it_was_given(self, store: TrackingStore) -> None:
        """A new run is RUNNING and keeps every field whole."""
        new = NewRun("0", run_name="größe", user_id="ann", start_time=1_700_000_000_123, tags={"a/b c": "v" * 100_000})
        made = store.create_run(new)
        assert (made.info.run_id, made.info.run_name, made.info.experiment_id) == (new.run_id, "größe", "0")
        assert (made.info.user_id, made.info.start_time, made.info.end_time) == ("ann", 1_700_000_000_123, None)
        assert (made.info.status, made.info.lifecycle_stage) == (RunStatus.RUNNING, LifecycleStage.ACTIVE)
        assert made.data.tags == {"a/b c": "v" * 100_000, NAME_TAG: "größe"}
        assert (made.data.params, made.data.latest) == ({}, {})
        assert store.get_run(new.run_id) == made

    def test_artifacts_of_a_run_lie_below_those_of_its_experiment(self, store: TrackingStore) -> None:
        """At `<artifact_location>/<run_id>/artifacts`."""
        placed = store.create_experiment("e", artifact_location="s3://bucket/folder")
        run = store.create_run(NewRun(placed.experiment_id)).info
        assert run.artifact_uri == f"s3://bucket/folder/{run.run_id}/artifacts"
        run = store.create_run(NewRun("0")).info
        assert run.artifact_uri == f"artifacts:/0/{run.run_id}/artifacts"

    def test_a_run_without_a_name_is_given_one(self, store: TrackingStore) -> None:
        """Such as brave-otter-417; the tag holds it too."""
        made = [store.create_run(NewRun("0")) for _ in range(5)]
        assert all(one.data.tags[NAME_TAG] == one.info.run_name for one in made)
        assert all(len(one.info.run_name.split("-")) == 3 for one in made)
        assert len({one.info.run_name for one in made}) > 1, "names are random"

    def test_the_name_may_come_from_the_tag(self, store: TrackingStore) -> None:
        """Two different names are refused, and no run is made."""
        assert store.create_run(NewRun("0", tags={NAME_TAG: "mine"})).info.run_name == "mine"
        assert store.create_run(NewRun("0", run_name="same", tags={NAME_TAG: "same"})).info.run_name == "same"
        new = NewRun("0", run_name="one", tags={NAME_TAG: "another"})
        with pytest.raises(InvalidValue, match=r"one.*another"):
            store.create_run(new)
        with pytest.raises(NotFound):
            store.get_run(new.run_id)

    def test_making_a_run_again_returns_the_run_that_is_there(self, store: TrackingStore) -> None:
        """A retry is harmless: the run stays as it is, with its data."""
        new = NewRun("0", run_name="first")
        store.create_run(new)
        store.log_batch(new.run_id, Batch(metrics=[Metric("m", 1.0)], params={"p": "1"}))
        present = store.get_run(new.run_id)
        assert store.create_run(new) == present
        assert store.create_run(evolve(new, run_name="second", tags={"new": "tag"})) == present
        assert store.get_run(new.run_id) == present

    def test_a_run_needs_an_experiment(self, store: TrackingStore) -> None:
        """`NotFound` where there is none."""
        for missing in ("987654", "no-number"):
            with pytest.raises(NotFound):
                store.create_run(NewRun(missing))

    def test_a_change_leaves_everything_else(self, store: TrackingStore) -> None:
        """None leaves a thing as it is; a new name is in the tag too."""
        made = store.create_run(NewRun("0", run_name="old")).info
        ended = store.update_run(made.run_id, RunChange(status=RunStatus.FINISHED, end_time=1_700_000_000_999))
        assert ended == evolve(made, status=RunStatus.FINISHED, end_time=1_700_000_000_999)
        renamed = store.update_run(made.run_id, RunChange(run_name="new"))
        assert renamed == evolve(ended, run_name="new")
        assert store.update_run(made.run_id, RunChange()) == renamed
        found = store.get_run(made.run_id)
        assert found.info == renamed
        assert found.data.tags[NAME_TAG] == "new"

    def test_a_run_that_goes_on_has_no_end(self, store: TrackingStore) -> None:
        """A status that is not final clears the end time."""
        run_id = store.create_run(NewRun("0")).info.run_id
        store.update_run(run_id, RunChange(status=RunStatus.FAILED, end_time=5))
        assert store.update_run(run_id, RunChange(status=RunStatus.RUNNING)).end_time is None
        assert store.get_run(run_id).info.end_time is None

    def test_the_name_tag_renames_the_run(self, store: TrackingStore) -> None:
        """Name and tag never differ."""
        run_id = store.create_run(NewRun("0", run_name="old")).info.run_id
        store.log_batch(run_id, Batch(tags={NAME_TAG: "new"}))
        found = store.get_run(run_id)
        assert (found.info.run_name, found.data.tags[NAME_TAG]) == ("new", "new")

    def test_delete_and_restore_are_idempotent_and_reading_goes_on(self, store: TrackingStore) -> None:
        """A deleted run keeps its data and its series."""
        made = store.create_run(NewRun("0", tags={"t": "1"}))
        run_id = made.info.run_id
        store.log_batch(run_id, Batch(metrics=[Metric("m", 1.0)]))
        before = store.get_run(run_id)
        for change in (DELETED, DELETED, RESTORED, RESTORED):
            assert store.update_run(run_id, change).lifecycle_stage is change.lifecycle_stage
            found = store.get_run(run_id)
            assert found.info.lifecycle_stage is change.lifecycle_stage
            assert (found.data.tags, found.data.metrics) == (before.data.tags, {"m": 1.0})
            assert sum(map(len, store.metric_history(run_id, "m"))) == 1

    @pytest.mark.parametrize("write", list(WRITES))
    def test_a_deleted_run_refuses_writes(self, store: TrackingStore, write: str) -> None:
        """`InvalidValue`, nothing changes, and a restored run takes the write."""
        run_id = store.create_run(NewRun("0")).info.run_id
        store.update_run(run_id, DELETED)
        before = store.get_run(run_id)
        with pytest.raises(InvalidValue, match=f"The run {run_id} must be in the 'active' state. Current state is del"):
            WRITES[write](store, run_id)
        assert store.get_run(run_id) == before
        store.update_run(run_id, RESTORED)
        WRITES[write](store, run_id)

    @pytest.mark.parametrize("write", list(WRITES))
    def test_writing_to_a_run_that_is_not_there_is_not_found(self, store: TrackingStore, write: str) -> None:
        """Every write says so."""
        with pytest.raises(NotFound):
            WRITES[write](store, "0" * 32)

    def test_reading_a_run_that_is_not_there_is_not_found(self, store: TrackingStore) -> None:
        """Its series too."""
        with pytest.raises(NotFound):
            store.get_run("0" * 32)
        with pytest.raises(NotFound):
            list(store.metric_history("0" * 32, "m"))

    def test_deleting_a_tag(self, store: TrackingStore) -> None:
        """Keys compare by case; a missing tag is `NotFound`."""
        run_id = store.create_run(NewRun("0", tags={"t": "1", "T": "2"})).info.run_id
        store.delete_tag(run_id, "t")
        tags = store.get_run(run_id).data.tags
        assert "t" not in tags
        assert tags["T"] == "2"
        with pytest.raises(NotFound, match=f"No tag with name: t in run with id {run_id}"):
            store.delete_tag(run_id, "t")
