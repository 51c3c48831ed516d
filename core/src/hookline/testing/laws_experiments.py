"""The laws of experiments; part of `TrackingStoreSuite`."""

import pytest
from attrs import evolve

from hookline import search
from hookline.entities import Batch, ExperimentChange, LifecycleStage, NewRun, RunChange, ViewType
from hookline.errors import AlreadyExists, InvalidState, InvalidValue, NotFound
from hookline.interfaces import TrackingStore
from hookline.testing.store_suite import StoreSuite, walk

DELETED = ExperimentChange(lifecycle_stage=LifecycleStage.DELETED)
RESTORED = ExperimentChange(lifecycle_stage=LifecycleStage.ACTIVE)


class ExperimentLaws(StoreSuite):
    """Experiments have unique names, also after they were deleted, and take their runs along."""

    def test_a_new_store_holds_the_default_experiment(self, store: TrackingStore) -> None:
        """It is called "Default" and has the id "0"."""
        found = store.get_experiment("0")
        assert found.name == "Default"
        assert found.lifecycle_stage is LifecycleStage.ACTIVE
        assert store.get_experiment_by_name("Default") == found

    def test_what_is_created_can_be_read_by_id_and_by_name(self, store: TrackingStore) -> None:
        """Values come back whole; names compare by case."""
        created = store.create_experiment("Größe 1", tags={"team": "ü", "n": "x" * 100_000})
        assert created.tags == {"team": "ü", "n": "x" * 100_000}
        assert created.creation_time == created.last_update_time > 1_500_000_000_000, "milliseconds since the epoch"
        assert store.get_experiment(created.experiment_id) == created
        assert store.get_experiment_by_name("Größe 1") == created
        assert store.get_experiment_by_name("größe 1") is None, "names compare by case"

    def test_artifacts_lie_below_the_id_unless_a_location_is_given(self, store: TrackingStore) -> None:
        """A location that is given is kept as it is."""
        plain = store.create_experiment("plain")
        placed = store.create_experiment("placed", artifact_location="s3://bucket/folder")
        assert plain.artifact_location == f"artifacts:/{plain.experiment_id}"
        assert placed.artifact_location == "s3://bucket/folder"
        assert plain.experiment_id != placed.experiment_id

    @pytest.mark.parametrize("name", ["", "   ", "x" * 501])
    def test_a_malformed_name_is_refused(self, store: TrackingStore, name: str) -> None:
        """A name has 1 to 500 characters that are not all blank."""
        with pytest.raises(InvalidValue):
            store.create_experiment(name)
        with pytest.raises(InvalidValue):
            store.update_experiment("0", ExperimentChange(name=name))
        assert store.get_experiment("0").name == "Default"

    def test_a_malformed_tag_is_refused_and_nothing_is_created(self, store: TrackingStore) -> None:
        """A refused call leaves nothing behind."""
        with pytest.raises(InvalidValue):
            store.create_experiment("new", tags={"../up": "x"})
        assert store.get_experiment_by_name("new") is None

    def test_a_taken_name_is_refused_also_if_its_owner_is_deleted(self, store: TrackingStore) -> None:
        """The name of a deleted experiment stays taken, since it may be restored."""
        taken = store.create_experiment("taken")
        other = store.create_experiment("other")
        for change in (ExperimentChange(), DELETED):
            store.update_experiment(taken.experiment_id, change)
            with pytest.raises(AlreadyExists, match=r"Experiment\(name=taken\) already exists"):
                store.create_experiment("taken")
            with pytest.raises(AlreadyExists):
                store.update_experiment(other.experiment_id, ExperimentChange(name="taken"))
        assert store.get_experiment(other.experiment_id).name == "other"

    def test_what_is_not_there_is_not_found(self, store: TrackingStore) -> None:
        """Any text may be asked for as an id, also one that no store gives."""
        for missing in ("987654", "no-number", ""):
            with pytest.raises(NotFound):
                store.get_experiment(missing)
            with pytest.raises(NotFound):
                store.update_experiment(missing, ExperimentChange(name="x"))
        assert store.get_experiment_by_name("missing") is None

    def test_a_rename_frees_the_old_name(self, store: TrackingStore) -> None:
        """Everything but the name and the time of the last update stays."""
        created = store.create_experiment("old", tags={"kept": "1"})
        renamed = store.update_experiment(created.experiment_id, ExperimentChange(name="new"))
        assert renamed == evolve(created, name="new", last_update_time=renamed.last_update_time)
        assert renamed.last_update_time >= created.last_update_time
        assert store.get_experiment_by_name("old") is None
        assert store.get_experiment_by_name("new") == renamed
        assert store.create_experiment("old").experiment_id != created.experiment_id

    def test_tags_are_set_replaced_and_removed(self, store: TrackingStore) -> None:
        """A missing tag to remove is no error."""
        made = store.create_experiment("tagged", tags={"a": "1", "b": "1"})
        change = ExperimentChange(tags={"a": "2", "c": "3"}, deleted_tags=("b", "missing"))
        assert store.update_experiment(made.experiment_id, change).tags == {"a": "2", "c": "3"}
        assert store.get_experiment(made.experiment_id).tags == {"a": "2", "c": "3"}

    def test_delete_and_restore_are_idempotent_and_reading_goes_on(self, store: TrackingStore) -> None:
        """A deleted experiment is read by id and by name."""
        made = store.create_experiment("e")
        for change in (DELETED, DELETED, RESTORED, RESTORED):
            changed = store.update_experiment(made.experiment_id, change)
            assert changed.lifecycle_stage is change.lifecycle_stage
            assert store.get_experiment(made.experiment_id) == changed
            assert store.get_experiment_by_name("e") == changed

    def test_a_deleted_experiment_refuses_writes(self, store: TrackingStore) -> None:
        """A new name is `InvalidState`; tags and runs are `InvalidValue`."""
        made = store.create_experiment("e")
        store.update_experiment(made.experiment_id, DELETED)
        with pytest.raises(InvalidState):
            store.update_experiment(made.experiment_id, ExperimentChange(name="f"))
        with pytest.raises(InvalidValue):
            store.update_experiment(made.experiment_id, ExperimentChange(tags={"a": "1"}))
        with pytest.raises(InvalidValue):
            store.create_run(NewRun(made.experiment_id))
        assert store.get_experiment(made.experiment_id).name == "e"
        assert store.get_experiment(made.experiment_id).tags == {}

    def test_deleting_deletes_the_runs_and_restoring_restores_them_all(self, store: TrackingStore) -> None:
        """Also runs that were deleted before; runs elsewhere stay."""
        made = store.create_experiment("e")
        runs = [store.create_run(NewRun(made.experiment_id)).info.run_id for _ in range(2)]
        elsewhere = store.create_run(NewRun("0")).info.run_id
        store.update_run(runs[0], RunChange(lifecycle_stage=LifecycleStage.DELETED))
        store.update_experiment(made.experiment_id, DELETED)
        assert [store.get_run(run).info.lifecycle_stage for run in runs] == [LifecycleStage.DELETED] * 2
        assert store.get_run(elsewhere).info.lifecycle_stage is LifecycleStage.ACTIVE
        with pytest.raises(InvalidValue):
            store.log_batch(runs[1], Batch(tags={"a": "1"}))
        store.update_experiment(made.experiment_id, RESTORED)
        assert [store.get_run(run).info.lifecycle_stage for run in runs] == [LifecycleStage.ACTIVE] * 2
        store.log_batch(runs[0], Batch(tags={"a": "1"}))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", ["Default", "alpha", "Alpine", "beta"]),
            ("name LIKE 'Al%'", ["Alpine"]),
            ("attribute.name ILIKE 'al%'", ["alpha", "Alpine"]),
            ("name = 'beta'", ["beta"]),
            ("name != 'beta' AND tags.team = 'red'", ["alpha"]),
            ("tag.team != 'red'", ["Alpine"]),
            ("tags.team IS NULL", ["Default", "beta"]),
            ("tags.`team` IS NOT NULL", ["alpha", "Alpine"]),
            ("experiment_id IN ('0', '987654')", ["Default"]),
            ("experiment_id NOT IN ('0')", ["alpha", "Alpine", "beta"]),
            ("experiment_id != '0' AND creation_time > 5", ["alpha", "Alpine", "beta"]),
            ("last_update_time < 5", []),
        ],
    )
    def test_search_finds_what_the_filter_says(self, store: TrackingStore, text: str, expected: list[str]) -> None:
        """What lacks a tag matches `IS NULL` alone."""
        store.create_experiment("alpha", tags={"team": "red"})
        store.create_experiment("Alpine", tags={"team": "blue"})
        store.create_experiment("beta")
        found = store.search_experiments(search.parse(search.EXPERIMENTS, text))
        assert {one.name for one in found.items} == set(expected)
        assert len(found.items) == len(expected)
        assert found.next_page_token is None

    @pytest.mark.parametrize("order", [[], ["name"], ["name DESC"], ["experiment_id DESC"], ["last_update_time"]])
    @pytest.mark.parametrize("view", list(ViewType))
    def test_pages_are_those_of_the_reference(self, store: TrackingStore, order: list[str], view: ViewType) -> None:
        """Each experiment once, in the order asked for."""
        made = [store.create_experiment(name) for name in ("b", "B", "a", "é", "z", "c", "d", "e", "f", "g", "h")]
        for one in made[::3]:
            store.update_experiment(one.experiment_id, DELETED)
        query = search.parse(search.EXPERIMENTS, "", order, view=view, max_results=3)
        everything = [store.get_experiment(one.experiment_id) for one in (store.get_experiment("0"), *made)]
        expected = walk(lambda asked: search.page(asked, everything), query)
        assert walk(store.search_experiments, query) == expected
