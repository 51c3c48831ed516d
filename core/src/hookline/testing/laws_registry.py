"""The laws of registered models; part of `ModelRegistrySuite`."""

from collections.abc import Callable

import pytest
from attrs import evolve

from hookline.entities import ModelChange, NewModelVersion
from hookline.errors import AlreadyExists, InvalidValue, NotFound
from hookline.interfaces import ModelRegistry
from hookline.testing.store_suite import StoreSuite, at_once


class RegisteredModelLaws(StoreSuite):
    """Names are unique; renaming carries everything along, deleting takes everything away."""

    def test_a_model_is_stored_as_it_was_given(self, store: ModelRegistry) -> None:
        """A new model has no versions and no aliases, and keeps every field whole."""
        made = store.create_model("größe 1", description="d" * 50_000, tags={"team": "ü", "n": "x" * 100_000})
        assert (made.name, made.description) == ("größe 1", "d" * 50_000)
        assert made.tags == {"team": "ü", "n": "x" * 100_000}
        assert (made.aliases, made.latest_versions) == ({}, ())
        assert made.creation_time == made.last_update_time > 1_500_000_000_000, "milliseconds since the epoch"
        assert store.get_model("größe 1") == made

    @pytest.mark.parametrize("name", ["", "  ", "a/b", "a:b"])
    def test_a_malformed_name_is_refused(self, store: ModelRegistry, name: str) -> None:
        """A name is not empty and has no '/' and ':'."""
        with pytest.raises(InvalidValue):
            store.create_model(name)
        store.create_model("fine")
        with pytest.raises(InvalidValue):
            store.update_model("fine", ModelChange(name=name))
        assert store.get_model("fine").name == "fine"

    def test_a_taken_name_is_refused(self, store: ModelRegistry) -> None:
        """Two models cannot have one name; names compare by case."""
        made = store.create_model("taken", description="first")
        with pytest.raises(AlreadyExists, match=r"Registered Model \(name=taken\) already exists"):
            store.create_model("taken", description="second")
        store.create_model("Taken")
        with pytest.raises(AlreadyExists):
            store.update_model("Taken", ModelChange(name="taken", description="third"))
        assert store.get_model("taken") == made
        assert store.get_model("Taken").description == ""

    def test_what_is_not_there_is_not_found(self, store: ModelRegistry) -> None:
        """Every method says `NotFound` for a model that is not there."""
        calls: list[Callable[[], object]] = [
            lambda: store.get_model("missing"),
            lambda: store.update_model("missing", ModelChange(description="x")),
            lambda: store.delete_model("missing"),
            lambda: store.create_version(NewModelVersion("missing", "s3://models/x")),
            lambda: store.get_version("missing", 1),
            lambda: store.delete_version("missing", 1),
            lambda: store.set_alias("missing", "champion", 1),
            lambda: store.delete_alias("missing", "champion"),
            lambda: store.get_version_by_alias("missing", "champion"),
        ]
        for call in calls:
            with pytest.raises(NotFound):
                call()

    def test_a_change_leaves_everything_else(self, store: ModelRegistry) -> None:
        """The description changes, tags are set, replaced and removed; a missing tag to remove is no error."""
        made = store.create_model("m", description="old", tags={"a": "1", "b": "1"})
        changed = store.update_model("m", ModelChange(description="new"))
        assert evolve(changed, last_update_time=made.last_update_time) == evolve(made, description="new")
        changed = store.update_model("m", ModelChange(tags={"a": "2", "c": "3"}, deleted_tags=("b", "missing")))
        assert (changed.description, changed.tags) == ("new", {"a": "2", "c": "3"})
        assert changed.last_update_time >= made.last_update_time
        assert store.update_model("m", ModelChange(description="")).description == ""
        assert store.get_model("m").tags == {"a": "2", "c": "3"}

    def test_a_malformed_tag_is_refused_and_nothing_changes(self, store: ModelRegistry) -> None:
        """A refused change is not applied in part."""
        made = store.create_model("m")
        with pytest.raises(InvalidValue):
            store.update_model("m", ModelChange(description="new", tags={"fine": "1", "../up": "1"}))
        assert store.get_model("m") == made
        with pytest.raises(InvalidValue):
            store.create_model("n", tags={"/up": "1"})
        with pytest.raises(NotFound):
            store.get_model("n")

    def test_a_rename_carries_versions_aliases_and_tags(self, store: ModelRegistry) -> None:
        """Everything is found under the new name, nothing under the old one, and numbers go on."""
        store.create_model("old", tags={"t": "1"})
        for number in (1, 2):
            store.create_version(NewModelVersion("old", f"s3://models/{number}", tags={"n": str(number)}))
        store.set_alias("old", "champion", 1)
        renamed = store.update_model("old", ModelChange(name="new"))
        assert (renamed.name, renamed.tags, renamed.aliases) == ("new", {"t": "1"}, {"champion": 1})
        assert [one.name for one in renamed.latest_versions] == ["new"]
        assert store.get_model("new") == renamed
        assert store.get_version("new", 2).tags == {"n": "2"}
        assert store.get_version_by_alias("new", "champion").name == "new"
        with pytest.raises(NotFound):
            store.get_model("old")
        with pytest.raises(NotFound):
            store.get_version("old", 1)
        assert store.create_version(NewModelVersion("new", "s3://models/3")).version == 3
        assert store.create_model("old").latest_versions == ()

    def test_a_rename_to_the_same_name_changes_nothing_else(self, store: ModelRegistry) -> None:
        """A model does not stand in its own way."""
        store.create_model("m", tags={"t": "1"})
        store.create_version(NewModelVersion("m", "s3://models/1"))
        assert store.update_model("m", ModelChange(name="m")).tags == {"t": "1"}
        assert store.get_version("m", 1).source == "s3://models/1"

    def test_deleting_a_model_takes_its_versions_aliases_and_tags(self, store: ModelRegistry) -> None:
        """A model of the same name that is created later has none of them."""
        store.create_model("m", tags={"t": "1"})
        store.create_version(NewModelVersion("m", "s3://models/1", tags={"t": "1"}))
        store.set_alias("m", "champion", 1)
        store.create_model("other")
        store.create_version(NewModelVersion("other", "s3://models/o"))
        store.delete_model("m")
        with pytest.raises(NotFound):
            store.get_version("m", 1)
        with pytest.raises(NotFound):
            store.delete_model("m")
        fresh = store.create_model("m")
        assert (fresh.tags, fresh.aliases, fresh.latest_versions) == ({}, {}, ())
        with pytest.raises(NotFound):
            store.get_version_by_alias("m", "champion")
        assert store.get_version("other", 1).source == "s3://models/o"

    def test_of_threads_that_take_one_name_one_wins(self, store: ModelRegistry) -> None:
        """Creating a model is atomic."""

        def create() -> bool:
            try:
                store.create_model("contested")
            except AlreadyExists:
                return False
            return True

        assert at_once(*[create] * 6).count(True) == 1
        assert store.get_model("contested").name == "contested"

    def test_models_are_there_when_the_registry_is_opened_again(
        self, store: ModelRegistry, reopen: Callable[[], ModelRegistry]
    ) -> None:
        """What a method returned from is stored."""
        self.require_persistent()
        store.create_model("m", description="d", tags={"t": "1"})
        store.create_version(NewModelVersion("m", "s3://models/1", "run", "m-1", "first", "ann", {"t": "1"}))
        store.set_alias("m", "champion", 1)
        again = reopen()
        assert again.get_model("m") == store.get_model("m")
        assert again.get_version_by_alias("m", "champion") == store.get_version("m", 1)
