"""The laws of model versions, stages and aliases; part of `ModelRegistrySuite`."""

from functools import partial
from threading import Event

import pytest
from attrs import evolve

from hookline.entities import NewModelVersion, VersionChange, VersionStatus
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import ModelRegistry
from hookline.testing.other_process import create_versions, in_other_process
from hookline.testing.store_suite import StoreSuite, at_once


class VersionLaws(StoreSuite):
    """Numbers start at 1, grow by one and are never used again; an alias points at one version that is there."""

    def test_a_version_is_stored_as_it_was_given(self, store: ModelRegistry) -> None:
        """A new version is READY, in the stage None, and keeps every field whole."""
        model = store.create_model("m")
        new = NewModelVersion("m", "runs:/abc/größe", "abc", "m-1", "d" * 50_000, "ann", {"t": "x" * 100_000})
        made = store.create_version(new)
        assert (made.name, made.version, made.source) == ("m", 1, "runs:/abc/größe")
        assert (made.run_id, made.model_id, made.user_id) == ("abc", "m-1", "ann")
        assert (made.description, made.tags, made.aliases) == ("d" * 50_000, {"t": "x" * 100_000}, ())
        assert (made.status, made.current_stage) == (VersionStatus.READY, "None")
        assert made.creation_time == made.last_update_time >= model.creation_time
        assert store.get_version("m", 1) == made
        assert store.get_model("m").latest_versions == (made,)
        bare = store.create_version(NewModelVersion("m", "s3://models/x"))
        assert (bare.run_id, bare.model_id, bare.description, bare.tags) == (None, None, "", {})
        assert store.get_version("m", 2) == bare

    def test_numbers_grow_by_one_and_are_never_used_again(self, store: ModelRegistry) -> None:
        """Also not after the highest version was deleted; every model counts for itself."""
        store.create_model("m")
        store.create_model("other")
        assert [store.create_version(NewModelVersion("m", "s3://models/x")).version for _ in range(3)] == [1, 2, 3]
        assert store.create_version(NewModelVersion("other", "s3://models/x")).version == 1
        store.delete_version("m", 1)
        store.delete_version("m", 3)
        assert store.create_version(NewModelVersion("m", "s3://models/x")).version == 4
        store.delete_version("m", 2)
        store.delete_version("m", 4)
        assert store.create_version(NewModelVersion("m", "s3://models/x")).version == 5

    def test_a_deleted_version_is_gone(self, store: ModelRegistry) -> None:
        """It is not found, not even to be deleted again; its siblings stay."""
        store.create_model("m")
        for _ in range(2):
            store.create_version(NewModelVersion("m", "s3://models/x", tags={"t": "1"}))
        store.delete_version("m", 2)
        for call in (store.get_version, store.delete_version):
            for missing in (2, 3, 0, -1):
                with pytest.raises(NotFound):
                    call("m", missing)
        with pytest.raises(NotFound):
            store.update_version("m", 2, VersionChange(description="x"))
        assert [one.version for one in store.get_model("m").latest_versions] == [1]

    def test_a_change_leaves_everything_else(self, store: ModelRegistry) -> None:
        """The description changes, tags are set, replaced and removed; a missing tag to remove is no error."""
        store.create_model("m")
        made = store.create_version(NewModelVersion("m", "s3://models/x", description="old", tags={"a": "1", "b": "1"}))
        sibling = store.create_version(NewModelVersion("m", "s3://models/y", tags={"a": "1"}))
        change = VersionChange(description="new", tags={"a": "2", "c": "3"}, deleted_tags=("b", "missing"))
        changed = store.update_version("m", 1, change)
        expected = evolve(made, description="new", tags={"a": "2", "c": "3"}, last_update_time=changed.last_update_time)
        assert changed == expected
        assert changed.last_update_time >= made.last_update_time
        assert store.get_version("m", 1) == changed
        assert store.get_version("m", 2) == sibling

    @pytest.mark.parametrize(
        ("given", "expected"),
        [("Production", "Production"), ("STAGING", "Staging"), ("archived", "Archived"), ("none", "None")],
    )
    def test_stages_are_known_in_any_case(self, store: ModelRegistry, given: str, expected: str) -> None:
        """A stage is stored in its one spelling."""
        store.create_model("m")
        store.create_version(NewModelVersion("m", "s3://models/x"))
        assert store.update_version("m", 1, VersionChange(current_stage=given)).current_stage == expected
        assert store.get_version("m", 1).current_stage == expected

    def test_an_unknown_stage_is_refused(self, store: ModelRegistry) -> None:
        """Nothing of the change is applied; archiving siblings needs a stage that is in use."""
        store.create_model("m")
        made = store.create_version(NewModelVersion("m", "s3://models/x"))
        for change in (
            VersionChange(current_stage="Live", description="new", tags={"t": "1"}),
            VersionChange(current_stage="", description="new"),
            VersionChange(current_stage="Archived", archive_existing=True),
            VersionChange(current_stage="None", archive_existing=True),
        ):
            with pytest.raises(InvalidValue):
                store.update_version("m", 1, change)
        assert store.get_version("m", 1) == made

    def test_the_latest_versions_are_the_highest_of_every_stage(self, store: ModelRegistry) -> None:
        """In the order None, Staging, Production, Archived; stages without a version are left out."""
        store.create_model("m")
        for stage in ("Production", "Staging", "Production", "None", "Staging"):
            number = store.create_version(NewModelVersion("m", "s3://models/x")).version
            store.update_version("m", number, VersionChange(current_stage=stage))
        latest = store.get_model("m").latest_versions
        assert [(one.current_stage, one.version) for one in latest] == [("None", 4), ("Staging", 5), ("Production", 3)]

    def test_archiving_moves_the_other_versions_of_the_stage(self, store: ModelRegistry) -> None:
        """Versions of other stages and of other models stay; without archiving several versions share a stage."""
        for name in ("m", "other"):
            store.create_model(name)
            for stage in ("Production", "Production", "Staging", "None"):
                number = store.create_version(NewModelVersion(name, "s3://models/x")).version
                store.update_version(name, number, VersionChange(current_stage=stage))
        store.update_version("m", 4, VersionChange(current_stage="production", archive_existing=True))
        stages = [store.get_version("m", number).current_stage for number in (1, 2, 3, 4)]
        assert stages == ["Archived", "Archived", "Staging", "Production"]
        assert [store.get_version("other", number).current_stage for number in (1, 2)] == ["Production"] * 2

    def test_an_alias_points_at_one_version_and_moves(self, store: ModelRegistry) -> None:
        """The model and its versions show the same aliases; aliases compare by case."""
        store.create_model("m")
        for _ in range(2):
            store.create_version(NewModelVersion("m", "s3://models/x"))
        store.set_alias("m", "champion", 1)
        store.set_alias("m", "champion", 1)
        store.set_alias("m", "Champion", 1)
        assert store.get_version("m", 1).aliases == ("Champion", "champion")
        store.set_alias("m", "champion", 2)
        assert store.get_model("m").aliases == {"champion": 2, "Champion": 1}
        assert store.get_version("m", 1).aliases == ("Champion",)
        assert store.get_version_by_alias("m", "champion") == store.get_version("m", 2)
        assert store.get_model("m").latest_versions[0].aliases == ("champion",)

    def test_an_alias_needs_a_version_that_is_there(self, store: ModelRegistry) -> None:
        """Setting one to a missing version is `NotFound` and leaves the alias where it was."""
        store.create_model("m")
        store.create_version(NewModelVersion("m", "s3://models/x"))
        store.set_alias("m", "champion", 1)
        with pytest.raises(NotFound):
            store.set_alias("m", "champion", 2)
        assert store.get_model("m").aliases == {"champion": 1}
        with pytest.raises(NotFound, match="alias missing not found"):
            store.get_version_by_alias("m", "missing")

    @pytest.mark.parametrize("alias", ["", "latest", "LATEST", "v1", "V12", "a b", "a/b", "x" * 256])
    def test_a_malformed_alias_is_refused(self, store: ModelRegistry, alias: str) -> None:
        """`latest` and names like `v1` mean versions; others are letters, digits, '_' and '-'."""
        store.create_model("m")
        store.create_version(NewModelVersion("m", "s3://models/x"))
        with pytest.raises(InvalidValue):
            store.set_alias("m", alias, 1)
        assert store.get_model("m").aliases == {}

    def test_deleting_an_alias_leaves_the_version(self, store: ModelRegistry) -> None:
        """A missing alias is no error."""
        store.create_model("m")
        store.create_version(NewModelVersion("m", "s3://models/x"))
        store.set_alias("m", "a", 1)
        store.set_alias("m", "b", 1)
        for _ in range(2):
            store.delete_alias("m", "a")
        assert store.get_version("m", 1).aliases == ("b",)

    def test_deleting_a_version_drops_its_aliases(self, store: ModelRegistry) -> None:
        """Aliases of other versions stay."""
        store.create_model("m")
        for number in (1, 2):
            store.create_version(NewModelVersion("m", "s3://models/x"))
            store.set_alias("m", f"on-{number}", number)
        store.delete_version("m", 2)
        assert store.get_model("m").aliases == {"on-1": 1}
        with pytest.raises(NotFound):
            store.get_version_by_alias("m", "on-2")

    def test_a_change_of_a_version_is_a_change_of_its_model(self, store: ModelRegistry) -> None:
        """The model's time of the last update is never before that of its versions' creation."""
        store.create_model("m")
        made = store.create_version(NewModelVersion("m", "s3://models/x"))
        assert store.get_model("m").last_update_time >= made.creation_time

    def test_versions_made_by_threads_have_numbers_of_their_own(self, store: ModelRegistry) -> None:
        """Without gaps, whoever makes them."""
        store.create_model("m")
        made = at_once(*[partial(create_versions, store, "m", 10)] * 6)
        assert all(numbers == sorted(numbers) for numbers in made)
        assert sorted(number for numbers in made for number in numbers) == list(range(1, 61))

    def test_versions_made_by_processes_have_numbers_of_their_own(self, store: ModelRegistry, uri: str) -> None:
        """The same, with other processes on the same registry."""
        self.require_persistent()
        store.create_model("m")
        there = partial(in_other_process, self.target, uri, "create_versions", "m", 25)
        made = at_once(there, there, partial(create_versions, store, "m", 25))
        assert sorted(number for numbers in made for number in numbers) == list(range(1, 76))

    def test_an_alias_that_threads_move_always_points_somewhere(self, store: ModelRegistry) -> None:
        """Moving is one step: a reader never sees the alias missing, nor at two versions."""
        store.create_model("m")
        create_versions(store, "m", 4)
        store.set_alias("m", "champion", 1)
        finished = Event()

        def move(start: int) -> None:
            try:
                for number in range(20):
                    store.set_alias("m", "champion", 1 + (start + number) % 4)
            finally:
                finished.set()

        def read() -> int:
            looks = 0
            while not finished.is_set() or not looks:
                assert store.get_model("m").aliases["champion"] in (1, 2, 3, 4)
                looks += 1
            return looks

        at_once(partial(move, 0), partial(move, 2), read)
        pointing = [number for number in (1, 2, 3, 4) if "champion" in store.get_version("m", number).aliases]
        assert pointing == [store.get_model("m").aliases["champion"]]
