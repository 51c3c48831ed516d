"""The laws of searching the model registry; part of `ModelRegistrySuite`."""

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from hookline import search
from hookline.entities import ModelChange, ModelVersion, NewModelVersion, RegisteredModel, VersionChange
from hookline.errors import InvalidValue
from hookline.interfaces import ModelRegistry
from hookline.search.vocabulary import PROMPT_TAG
from hookline.testing import strategies
from hookline.testing.store_suite import StoreSuite, walk

_MODELS = {"alpha": {"team": "red"}, "Alpine": {"team": "Blue"}, "beta": {}, "größe": {"x.y": "it's 100%"}}
_MODEL_FILTERS = [
    ("", ["Alpine", "alpha", "beta", "größe"]),
    ("name = 'alpha'", ["alpha"]),
    ("name != 'alpha'", ["Alpine", "beta", "größe"]),
    ("name LIKE 'al%'", ["alpha"]),
    ("attribute.name ILIKE 'al%'", ["Alpine", "alpha"]),
    ("name ILIKE 'GRÖ_E'", ["größe"]),
    ("name ILIKE 'GRÖSSE'", []),
    ("name IN ('alpha', 'beta', 'Beta')", ["alpha", "beta"]),
    ("name NOT IN ('alpha', 'beta')", ["Alpine", "größe"]),
    ("tags.team = 'red'", ["alpha"]),
    ("tag.team != 'red'", ["Alpine"]),
    ("tags.team ILIKE '%E%' AND name LIKE 'A%'", ["Alpine"]),
    ('tags.`x.y` = "it\'s 100%"', ["größe"]),
    ("tags.\"x.y\" LIKE '%s 1__%'", ["größe"]),
    ("tags.Team = 'red'", []),
]
_VERSION_FILTERS = [
    ("", [("m", 1), ("m", 2), ("m", 3), ("n", 1)]),
    ("name = 'm'", [("m", 1), ("m", 2), ("m", 3)]),
    ("name IN ('n', 'x')", [("n", 1)]),
    ("name LIKE '_' AND version_number > 1", [("m", 2), ("m", 3)]),
    ("version_number <= 2 AND version_number != 1", [("m", 2)]),
    ("version_number = 1.5", []),
    ("run_id = 'r1'", [("m", 1), ("n", 1)]),
    ("run_id != 'r1'", [("m", 2)]),
    ("run_id IN ('r1', 'r2')", [("m", 1), ("m", 2), ("n", 1)]),
    ("run_id NOT IN ('r1')", [("m", 2)]),
    ("source_path LIKE 'runs:/r1/%'", [("m", 1), ("n", 1)]),
    ("source_path = 'models:/m-1'", [("m", 3)]),
    ("tags.stage = 'x'", [("m", 2)]),
    ("tags.stage != 'x'", [("m", 3)]),
]


class RegistrySearchLaws(StoreSuite):
    """A search answers as `hookline.search.evaluate` does over what `get_model` and `get_version` return."""

    @pytest.mark.parametrize(("text", "expected"), _MODEL_FILTERS)
    def test_a_filter_finds_models(self, store: ModelRegistry, text: str, expected: list[str]) -> None:
        """Found models come by name, as `get_model` returns them."""
        for name, tags in _MODELS.items():
            store.create_model(name, tags=tags)
        found = store.search_models(search.parse(search.REGISTERED_MODELS, text))
        assert [one.name for one in found.items] == expected
        assert list(found.items) == [store.get_model(name) for name in expected]
        assert found.next_page_token is None

    def test_found_models_have_their_versions_and_aliases(self, store: ModelRegistry) -> None:
        """A search returns whole models and whole versions."""
        store.create_model("m", tags={"t": "1"})
        for stage in ("Staging", "None", "None"):
            number = store.create_version(NewModelVersion("m", "s3://models/x", tags={"t": "1"})).version
            store.update_version("m", number, VersionChange(current_stage=stage))
            store.set_alias("m", f"on-{number}", number)
        (found,) = store.search_models(search.parse(search.REGISTERED_MODELS)).items
        assert found == store.get_model("m")
        assert [one.version for one in found.latest_versions] == [3, 1]
        versions = store.search_versions(search.parse(search.MODEL_VERSIONS, "", ["version_number"])).items
        assert list(versions) == [store.get_version("m", number) for number in (1, 2, 3)]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (None, ["model"]),
            ("name LIKE '%'", ["model"]),
            ("tags.t = '1'", ["model"]),
            (f"tags.`{PROMPT_TAG}` = 'true'", ["prompt"]),
            (f"tags.`{PROMPT_TAG}` != 'true'", ["model"]),
            (f"tag.`{PROMPT_TAG}` = 'true' AND tags.t = '2'", []),
        ],
    )
    def test_prompts_show_only_where_they_are_asked_for(
        self, store: ModelRegistry, text: str | None, expected: list[str]
    ) -> None:
        """Prompts are registered models with a tag; a plain search leaves them out."""
        store.create_model("model", tags={"t": "1"})
        store.create_model("prompt", tags={"t": "1", PROMPT_TAG: "true"})
        assert [one.name for one in store.search_models(search.parse(search.REGISTERED_MODELS, text)).items] == expected

    @pytest.mark.parametrize(("text", "expected"), _VERSION_FILTERS)
    def test_a_filter_finds_versions(self, store: ModelRegistry, text: str, expected: list[tuple[str, int]]) -> None:
        """A version without a run matches no comparison with its run."""
        for name in ("m", "n"):
            store.create_model(name)
        store.create_version(NewModelVersion("m", "runs:/r1/model", run_id="r1"))
        store.create_version(NewModelVersion("m", "runs:/r2/model", run_id="r2", tags={"stage": "x"}))
        store.create_version(NewModelVersion("m", "models:/m-1", tags={"stage": "y"}))
        store.create_version(NewModelVersion("n", "runs:/r1/model", run_id="r1"))
        found = store.search_versions(search.parse(search.MODEL_VERSIONS, text)).items
        assert sorted((one.name, one.version) for one in found) == expected

    def test_deleted_versions_are_not_found(self, store: ModelRegistry) -> None:
        """A deleted version shows in no search."""
        store.create_model("m")
        for _ in range(2):
            store.create_version(NewModelVersion("m", "s3://models/x"))
        store.delete_version("m", 1)
        assert [one.version for one in store.search_versions(search.parse(search.MODEL_VERSIONS)).items] == [2]

    @pytest.mark.parametrize("size", [1, 2, 100])
    @pytest.mark.parametrize(
        "order",
        [[], ["name DESC"], ["timestamp"], ["last_updated_timestamp DESC"], ["creation_timestamp", "name DESC"]],
    )
    def test_pages_of_models_are_those_of_the_reference(
        self, store: ModelRegistry, order: list[str], size: int
    ) -> None:
        """Each model once, in the order asked for; models that tie come by name."""
        names = ["b", "B", "a", "é", "Z", "c"]
        for name in names:
            store.create_model(name)
        store.update_model("B", ModelChange(description="changed"))
        models: list[RegisteredModel] = [store.get_model(name) for name in names]
        query = search.parse(search.REGISTERED_MODELS, "", order, max_results=size)
        assert walk(store.search_models, query) == walk(lambda asked: search.page(asked, models), query)

    def test_a_search_answers_as_the_reference_does(self, store: ModelRegistry) -> None:
        """The oracle: random filters and orders, over models and versions."""
        models, versions = _store_models(store)

        @strategies.bounded
        @given(data=st.data())
        def check(data: st.DataObject) -> None:
            text, order, _, size = data.draw(strategies.queries(search.REGISTERED_MODELS, models))
            note(f"models: {text!r}, order: {order}, size of a page: {size}")
            query = search.parse(search.REGISTERED_MODELS, text, order, max_results=size)
            assert walk(store.search_models, query) == walk(lambda asked: search.page(asked, models), query)
            text, order, _, size = data.draw(strategies.queries(search.MODEL_VERSIONS, versions))
            note(f"versions: {text!r}, order: {order}, size of a page: {size}")
            query = search.parse(search.MODEL_VERSIONS, text, order, max_results=size)
            assert walk(store.search_versions, query) == walk(lambda asked: search.page(asked, versions), query)

        check()

    def test_a_token_belongs_to_its_query(self, store: ModelRegistry) -> None:
        """A page token is good for the same filter and order only."""
        for name in ("a", "b", "c"):
            store.create_model(name)
            store.create_version(NewModelVersion(name, "s3://models/x"))
        models = store.search_models(search.parse(search.REGISTERED_MODELS, max_results=2)).next_page_token
        versions = store.search_versions(search.parse(search.MODEL_VERSIONS, max_results=2)).next_page_token
        assert models
        assert versions
        for text, token in (("name LIKE '%'", models), ("", models[:-6]), ("", "no token")):
            with pytest.raises(InvalidValue, match="Invalid page token"):
                store.search_models(search.parse(search.REGISTERED_MODELS, text, page_token=token))
        for text, token in (("name LIKE '%'", versions), ("", versions[:-6]), ("", "no token")):
            with pytest.raises(InvalidValue, match="Invalid page token"):
                store.search_versions(search.parse(search.MODEL_VERSIONS, text, page_token=token))


def _store_models(store: ModelRegistry) -> tuple[list[RegisteredModel], list[ModelVersion]]:
    """Store models and versions whose names, tags and sources often coincide; return them as they are read."""
    tags = [{}, {"a": "1"}, {"A": "ab", "größe": "É"}, {"a": "it's", "x.y": "100%"}]
    versions = []
    for number, name in enumerate(("a", "A", "ab", "it's", "é")):
        store.create_model(name, tags=tags[number % len(tags)])
        for other in range(number):
            new = NewModelVersion(name, ("a", "aXb")[other % 2], (None, "a", "A")[other % 3], tags=tags[other])
            versions.append(store.create_version(new))
    store.set_alias("ab", "champion", 1)
    store.update_model("A", ModelChange(description="changed"))
    names = [one.name for one in store.search_models(search.parse(search.REGISTERED_MODELS)).items]
    return [store.get_model(name) for name in names], [store.get_version(one.name, one.version) for one in versions]
