"""The conformance suite of `LoggedModels`, for tracking stores that keep logged models too."""

import math
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import pytest
from attrs import evolve
from hypothesis import given, note
from hypothesis import strategies as st

from hookline import search
from hookline.entities import (
    Batch,
    ExperimentChange,
    LifecycleStage,
    LoggedModel,
    LoggedModelChange,
    Metric,
    ModelStatus,
    NewLoggedModel,
    NewRun,
    ViewType,
)
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import LoggedModels, TrackingStore
from hookline.testing import strategies
from hookline.testing.store_suite import StoreSuite, at_once, walk

DELETED = LoggedModelChange(lifecycle_stage=LifecycleStage.DELETED)
RESTORED = LoggedModelChange(lifecycle_stage=LifecycleStage.ACTIVE)


class _Both(TrackingStore, LoggedModels):
    """A store of runs and of the models that they made."""


Store: TypeAlias = _Both


class LoggedModelsSuite(StoreSuite):
    """The laws of a store of logged models: those of `hookline.interfaces.logged_models`, each as a test."""

    kind = "logged models"
    version = 1

    def test_a_model_is_stored_as_it_was_given(self, store: Store) -> None:
        """A new model is PENDING and keeps every field; its artifacts lie below those of its experiment."""
        placed = store.create_experiment("e", artifact_location="s3://bucket/folder").experiment_id
        new = NewLoggedModel(
            placed, "größe", "m-1", "run-1", "sklearn", {"depth": "3" * 100_000}, {"t": "ü"}, creation_time=1_000
        )
        made = store.create_logged_model(new)
        assert (made.model_id, made.experiment_id, made.name, made.status) == ("m-1", placed, "größe", "PENDING")
        assert (made.source_run_id, made.model_type, made.creation_time) == ("run-1", "sklearn", 1_000)
        assert (made.params, made.tags, made.metrics) == ({"depth": "3" * 100_000}, {"t": "ü"}, ())
        assert made.artifact_uri == "s3://bucket/folder/models/m-1/artifacts"
        assert store.get_logged_model("m-1") == made

    def test_making_a_model_again_returns_the_one_that_is_there(self, store: Store) -> None:
        """A retry with the same id is harmless."""
        new = NewLoggedModel("0", "first")
        store.create_logged_model(new)
        present = store.update_logged_model(new.model_id, LoggedModelChange(status=ModelStatus.READY))
        assert store.create_logged_model(evolve(new, name="second")) == present
        assert store.get_logged_model(new.model_id) == present

    def test_a_model_needs_an_active_experiment(self, store: Store) -> None:
        """No experiment: `NotFound`; a deleted one: `InvalidValue`; nothing is left behind."""
        gone = store.create_experiment("gone").experiment_id
        store.update_experiment(gone, ExperimentChange(lifecycle_stage=LifecycleStage.DELETED))
        with pytest.raises(InvalidValue):
            store.create_logged_model(NewLoggedModel(gone, "m", "m-1"))
        with pytest.raises(NotFound):
            store.create_logged_model(NewLoggedModel("987654", "m", "m-1"))
        with pytest.raises(NotFound):
            store.get_logged_model("m-1")

    def test_a_change_leaves_everything_else(self, store: Store) -> None:
        """Status and message change; params and tags are added; tags are replaced and removed."""
        made = store.create_logged_model(NewLoggedModel("0", "m", params={"p": "1"}, tags={"a": "1", "b": "1"}))
        change = LoggedModelChange(
            status=ModelStatus.UPLOAD_FAILED,
            status_message="disk full",
            params={"p": "1", "q": "2"},
            tags={"a": "2", "c": "3"},
            deleted_tags=("b",),
        )
        changed = store.update_logged_model(made.model_id, change)
        expected = evolve(
            made,
            status=ModelStatus.UPLOAD_FAILED,
            status_message="disk full",
            params={"p": "1", "q": "2"},
            tags={"a": "2", "c": "3"},
        )
        assert evolve(changed, last_update_time=made.last_update_time) == expected
        assert changed.last_update_time >= made.last_update_time
        assert store.get_logged_model(made.model_id) == changed

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            (LoggedModelChange(params={"new": "1", "p": "2"}, tags={"t": "1"}), InvalidValue),
            (LoggedModelChange(status=ModelStatus.READY, tags={"t": "1"}, deleted_tags=("missing",)), NotFound),
            (LoggedModelChange(status=ModelStatus.READY, tags={"../up": "1"}), InvalidValue),
        ],
        ids=["a param has another value", "a tag to delete is not there", "a key is malformed"],
    )
    def test_a_refused_change_leaves_nothing(
        self, store: Store, change: LoggedModelChange, error: type[Exception]
    ) -> None:
        """A change is applied whole or not at all; params never change."""
        made = store.create_logged_model(NewLoggedModel("0", "m", params={"p": "1"}))
        with pytest.raises(error):
            store.update_logged_model(made.model_id, change)
        assert store.get_logged_model(made.model_id) == made

    def test_a_deleted_model_is_not_found_until_it_is_restored(self, store: Store) -> None:
        """Reading and writing a deleted model, or one that never was, is `NotFound`; restoring brings all back."""
        made = store.create_logged_model(NewLoggedModel("0", "m", params={"p": "1"}, tags={"t": "1"}))
        assert store.update_logged_model(made.model_id, DELETED).lifecycle_stage is LifecycleStage.DELETED
        for missing in (made.model_id, "m-missing"):
            with pytest.raises(NotFound, match=f"Logged model with ID '{missing}' not found"):
                store.get_logged_model(missing)
            for change in (LoggedModelChange(status=ModelStatus.READY), LoggedModelChange(tags={"t": "2"}), DELETED):
                with pytest.raises(NotFound):
                    store.update_logged_model(missing, change)
        restored = store.update_logged_model(made.model_id, RESTORED)
        assert evolve(restored, last_update_time=made.last_update_time) == made
        assert store.get_logged_model(made.model_id) == restored
        assert store.update_logged_model(made.model_id, RESTORED).lifecycle_stage is LifecycleStage.ACTIVE

    def test_metrics_that_name_a_model_are_its_metrics(self, store: Store) -> None:
        """A model has the latest point for each key, run and dataset; the run has its metrics all the same."""
        model_id = store.create_logged_model(NewLoggedModel("0", "m")).model_id
        other = store.create_logged_model(NewLoggedModel("0", "other")).model_id
        first, second = (store.create_run(NewRun("0")).info.run_id for _ in range(2))

        def point(value: float, step: int, dataset: str | None = None, model: str | None = model_id) -> Metric:
            return Metric("rmse", value, step, 1, model, dataset, dataset and "digest")

        store.log_batch(first, Batch([point(5.0, 2), point(9.0, 1), point(1.0, 1, "iris"), point(3.0, 3, model=None)]))
        store.log_batch(first, Batch([point(2.0, 2, "iris"), point(7.0, 1, model=other)]))
        store.log_batch(second, Batch([point(math.nan, 0)]))
        found = store.get_logged_model(model_id).metrics
        shown = {(one.step, one.dataset_name, one.dataset_digest, str(one.value)) for one in found}
        assert shown == {(2, "iris", "digest", "2.0"), (2, None, None, "5.0"), (0, None, None, "nan")}
        assert len(found) == 3
        assert all(one.key == "rmse" and one.timestamp == 1 and one.model_id == model_id for one in found)
        assert [one.value for one in store.get_logged_model(other).metrics] == [7.0]
        assert store.get_run(first).data.metrics == {"rmse": 3.0}

    def test_a_search_looks_where_it_was_told(self, store: Store) -> None:
        """Experiments narrow a search; none means all; deleted models show in their view only."""
        other = store.create_experiment("other").experiment_id
        for experiment_id, name in (("0", "here"), (other, "there"), ("0", "gone")):
            store.create_logged_model(NewLoggedModel(experiment_id, name, f"m-{name}"))
        store.update_logged_model("m-gone", DELETED)
        plain, everything = search.parse(search.LOGGED_MODELS), search.parse(search.LOGGED_MODELS, view=ViewType.ALL)
        assert _names(store.search_logged_models(["0"], plain).items) == ["here"]
        assert _names(store.search_logged_models([other, other, "987654"], plain).items) == ["there"]
        assert _names(store.search_logged_models([], plain).items) == ["here", "there"]
        assert _names(store.search_logged_models([], everything).items) == ["gone", "here", "there"]

    @pytest.mark.parametrize(
        ("field", "dataset", "expected"),
        [
            ("metrics.rmse", (None, None), ["c", "a", "b", "nan", "none"]),
            ("metrics.rmse", ("iris", None), ["a", "b", "c", "nan", "none"]),
            ("metrics.rmse", ("iris", "d1"), ["a", "b", "c", "nan", "none"]),
            ("metrics.rmse", ("wine", None), ["c", "a", "b", "nan", "none"]),
            ("name", (None, None), ["a", "b", "c", "nan", "none"]),
        ],
    )
    def test_an_order_may_name_the_dataset(
        self, store: Store, field: str, dataset: tuple[str | None, str | None], expected: list[str]
    ) -> None:
        """A metric orders by its latest point on the dataset; NaN comes after values, what is missing last."""
        points = {
            "a": [("iris", 1.0, 1)],
            "b": [("iris", 2.0, 1)],
            "c": [("iris", 3.0, 1), ("wine", 0.0, 2)],
            "nan": [("iris", math.nan, 1)],
            "none": [],
        }
        run_id = store.create_run(NewRun("0")).info.run_id
        for start, (name, logged) in enumerate(points.items()):
            store.create_logged_model(NewLoggedModel("0", name, f"m-{name}", creation_time=100 - start))
            metrics = [Metric("rmse", value, step, 1, f"m-{name}", on, "d1") for on, value, step in logged]
            store.log_batch(run_id, Batch(metrics))
        order = search.parse_order(
            search.LOGGED_MODELS, field, ascending=True, dataset_name=dataset[0], dataset_digest=dataset[1]
        )
        found = store.search_logged_models(["0"], search.parse(search.LOGGED_MODELS, "", [order])).items
        assert [one.name for one in found] == expected

    def test_a_search_answers_as_the_reference_does(self, store: Store) -> None:
        """The oracle: the same filter and order over the models as they were returned, for random ones of both."""

        @strategies.bounded
        @given(specs=st.lists(strategies.model_specs(), min_size=2, max_size=5), data=st.data())
        def check(specs: list[strategies.ModelSpec], data: st.DataObject) -> None:
            experiment_id = store.create_experiment(f"example {len(done)}").experiment_id
            done.append(experiment_id)
            models = [_store_model(store, experiment_id, number, spec) for number, spec in enumerate(specs)]
            for _ in range(6):
                text, order, view, size = data.draw(strategies.queries(search.LOGGED_MODELS, models))
                note(f"filter: {text!r}, order: {order}, view: {view}, size of a page: {size}")
                query = search.parse(search.LOGGED_MODELS, text, order, view=view, max_results=size)
                found = walk(partial(store.search_logged_models, [experiment_id]), query)
                expected = walk(lambda asked: search.page(asked, models), query)
                assert [one.model_id for one in found] == [one.model_id for one in expected]

        done: list[str] = []
        check()

    def test_a_token_belongs_to_its_query(self, store: Store) -> None:
        """A page token is good for the same filter, order and experiments only."""
        for number in range(3):
            store.create_logged_model(NewLoggedModel("0", str(number)))
        token = store.search_logged_models(["0"], search.parse(search.LOGGED_MODELS, max_results=2)).next_page_token
        assert token is not None
        with pytest.raises(InvalidValue, match="Invalid page token"):
            store.search_logged_models(["0"], search.parse(search.LOGGED_MODELS, "name = '1'", page_token=token))
        with pytest.raises(InvalidValue, match="Invalid page token"):
            store.search_logged_models(["0"], search.parse(search.LOGGED_MODELS, page_token=f"x{token}"))

    def test_of_threads_that_set_one_param_one_wins(self, store: Store) -> None:
        """Params are set once, also by threads at the same moment; tags of all threads are kept."""
        model_id = store.create_logged_model(NewLoggedModel("0", "m")).model_id

        def change(worker: int) -> bool:
            store.update_logged_model(model_id, LoggedModelChange(tags={f"t{worker}": "1"}))
            try:
                store.update_logged_model(model_id, LoggedModelChange(params={"p": str(worker)}))
            except InvalidValue:
                return False
            return True

        won = at_once(*(partial(change, worker) for worker in range(5)))
        assert won.count(True) == 1
        found = store.get_logged_model(model_id)
        assert found.params == {"p": str(won.index(True))}
        assert sorted(found.tags) == [f"t{worker}" for worker in range(5)]

    def test_models_are_there_when_the_store_is_opened_again(self, store: Store, reopen: Callable[[], Store]) -> None:
        """What a method returned from is stored."""
        self.require_persistent()
        run_id = store.create_run(NewRun("0")).info.run_id
        made = store.create_logged_model(NewLoggedModel("0", "m", "m-1", run_id, params={"p": "1"}, tags={"t": "1"}))
        store.log_batch(run_id, Batch([Metric("rmse", 0.5, 1, 1, made.model_id)]))
        expected = store.get_logged_model(made.model_id)
        assert len(expected.metrics) == 1
        assert reopen().get_logged_model(made.model_id) == expected


def _names(models: object) -> list[str]:
    assert isinstance(models, list | tuple)
    return sorted(one.name for one in models)


def _store_model(store: Store, experiment_id: str, number: int, spec: strategies.ModelSpec) -> LoggedModel:
    model_id = f"m-{spec.prefix}-{experiment_id}-{number}"
    store.create_logged_model(
        NewLoggedModel(
            experiment_id,
            spec.name,
            model_id,
            model_type=spec.model_type,
            params=spec.params,
            tags=spec.tags,
            creation_time=spec.creation_time,
        )
    )
    run_id = store.create_run(NewRun(experiment_id)).info.run_id
    store.log_batch(run_id, Batch([evolve(point, model_id=model_id) for point in spec.metrics]))
    stage = LifecycleStage.DELETED if spec.deleted else None
    return store.update_logged_model(model_id, LoggedModelChange(status=spec.status, lifecycle_stage=stage))
