"""What is logged of a training, what is not, and that it never gets in the way."""

import contextlib
import csv
import io
import logging
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import joblib
import numpy
import pytest
from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeCV
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import hookline_flavor_sklearn
from hookline import Run, Workspace
from hookline.errors import InvalidValue, Unavailable
from hookline.testing.memory_plugin import memory_workspace
from hookline_flavor_sklearn.autolog import _places, autolog

IRIS, TARGET = load_iris(return_X_y=True)
DIABETES, PROGRESS = load_diabetes(return_X_y=True)


@pytest.fixture
def workspace(tmp_path) -> Iterator[Workspace]:
    with memory_workspace(tmp_path, hookline_flavor_sklearn) as made:
        yield made


@pytest.fixture
def open_run(workspace) -> Any:
    """Opens a new run for each training."""

    @contextlib.contextmanager
    def opened(*, parent: Run | None = None) -> Iterator[Run]:
        with workspace.start_run(parent_run_id=parent.run_id if parent else None) as run:
            yield run

    return opened


@pytest.fixture
def on(open_run) -> Iterator[Any]:
    """Switches automatic logging on with options, and off after the test."""
    yield partial(autolog, open_run)
    autolog(open_run, disable=True)


@pytest.fixture
def runs(workspace) -> Any:
    """Returns the runs, the oldest first."""
    return lambda: list(workspace.search_runs(order_by=["attributes.start_time ASC"]))


@pytest.fixture
def warned(caplog) -> Any:
    """Returns the warnings of automatic logging."""
    caplog.set_level(logging.WARNING, "hookline")
    return lambda: [record.getMessage() for record in caplog.records if "logging" in record.getMessage()]


def test_a_classifier_is_logged_whole(on, runs, warned, workspace) -> None:
    on()
    model = LogisticRegression(C=0.5, max_iter=500).fit(IRIS, TARGET)
    [run] = runs()
    assert warned() == []
    assert run.info.status == "FINISHED"
    assert run.data.params == {name: str(value) for name, value in model.get_params().items()}
    assert run.data.tags["estimator_name"] == "LogisticRegression"
    assert run.data.tags["estimator_class"] == "sklearn.linear_model._logistic.LogisticRegression"
    chances, predicted = model.predict_proba(IRIS), model.predict(IRIS)
    assert run.data.metrics == pytest.approx(
        {
            "training_accuracy_score": metrics.accuracy_score(TARGET, predicted),
            "training_precision_score": metrics.precision_score(TARGET, predicted, average="weighted"),
            "training_recall_score": metrics.recall_score(TARGET, predicted, average="weighted"),
            "training_f1_score": metrics.f1_score(TARGET, predicted, average="weighted"),
            "training_log_loss": metrics.log_loss(TARGET, chances),
            "training_roc_auc": metrics.roc_auc_score(TARGET, chances, average="weighted", multi_class="ovo"),
        }
    )
    loaded = workspace.load_model(f"runs:/{run.info.run_id}/model")
    assert (loaded.predict(IRIS) == predicted).all()
    assert loaded.signature.inputs is not None
    assert loaded.document.saved_input_example_info["artifact_path"] == "input_example.json"


def test_a_regressor_is_logged_with_its_errors(on, runs) -> None:
    on()
    model = Ridge(alpha=0.05).fit(DIABETES, PROGRESS)
    predicted = model.predict(DIABETES)
    assert runs()[0].data.metrics == pytest.approx(
        {
            "training_mean_squared_error": metrics.mean_squared_error(PROGRESS, predicted),
            "training_root_mean_squared_error": math.sqrt(metrics.mean_squared_error(PROGRESS, predicted)),
            "training_mean_absolute_error": metrics.mean_absolute_error(PROGRESS, predicted),
            "training_r2_score": metrics.r2_score(PROGRESS, predicted),
        }
    )


def test_weights_count_in_the_metrics(on, runs) -> None:
    on()
    weights = numpy.linspace(0.1, 3, len(PROGRESS))
    model = Ridge().fit(X=DIABETES, y=PROGRESS, sample_weight=weights)
    expected = metrics.r2_score(PROGRESS, model.predict(DIABETES), sample_weight=weights)
    assert runs()[0].data.metrics["training_r2_score"] == pytest.approx(expected)


def test_two_classes_have_one_area_under_the_curve(on, runs) -> None:
    on()
    rows = TARGET > 0
    model = LogisticRegression(max_iter=500).fit(IRIS[rows], TARGET[rows])
    expected = metrics.roc_auc_score(TARGET[rows], model.predict_proba(IRIS[rows])[:, 1])
    assert runs()[0].data.metrics["training_roc_auc"] == pytest.approx(expected)


def test_a_clusterer_is_logged_with_its_score(on, runs) -> None:
    on()
    model = KMeans(3, random_state=0, n_init=1).fit(IRIS)
    assert runs()[0].data.metrics == pytest.approx({"training_score": model.score(IRIS)})


def test_several_targets_leave_out_the_metrics_that_do_not_apply(on, runs, warned) -> None:
    on()
    KNeighborsClassifier().fit(IRIS, numpy.stack([TARGET, TARGET == 1], axis=1))
    assert warned() == []
    assert runs()[0].data.metrics == {}


def test_the_dataset_is_noted_and_its_metrics_name_it(on, runs) -> None:
    on()
    Ridge().fit(DIABETES, PROGRESS)
    Ridge().fit(DIABETES, PROGRESS + 1)
    first, second = runs()
    [noted] = first.inputs.datasets
    assert noted.tags == {"mlflow.data.context": "training"}
    assert noted.dataset.digest != second.inputs.datasets[0].dataset.digest, "the target is a part of the data"
    point = first.data.latest["training_r2_score"]
    assert point.dataset_digest == noted.dataset.digest
    assert point.model_id == first.outputs.models[0].model_id


@pytest.mark.parametrize("kind", ["frame", "sparse", "list", "strings"])
def test_other_kinds_of_data_are_logged_too(on, runs, warned, kind) -> None:
    on()
    if kind == "frame":
        pandas = pytest.importorskip("pandas")
        Ridge().fit(pandas.DataFrame(DIABETES).rename(columns=str), pandas.Series(PROGRESS, name="0"))
    elif kind == "sparse":
        from scipy.sparse import csr_array

        Ridge().fit(csr_array(DIABETES), PROGRESS)
    elif kind == "list":
        Ridge().fit(DIABETES[:20].tolist(), PROGRESS[:20].tolist())
    else:
        make_pipeline(CountVectorizer(), MultinomialNB()).fit(["good day", "bad day", "good night"] * 3, [1, 0, 1] * 3)
    [run] = runs()
    assert warned() == []
    assert len(run.inputs.datasets) == 1
    assert run.data.metrics
    assert len(run.outputs.models) == 1


class Lengths(
    ClassifierMixin,
    BaseEstimator,
):
    """Predicts from rows of different lengths, of which no array can be made."""

    def fit(self, X: Any, y: Any) -> "Lengths":
        self.classes_ = numpy.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return numpy.array([len(each) % 2 for each in X])


def test_data_without_an_example_keeps_its_metrics(on, runs, warned) -> None:
    on(log_models=False, log_datasets=False)
    Pipeline([("lengths", Lengths())]).fit([[1], [1, 2], [1, 2, 3]], [1, 0, 1])
    assert len(warned()) == 1
    assert runs()[0].data.metrics["training_accuracy_score"] == 1.0


def test_what_only_resembles_a_search_is_none(on, runs, warned) -> None:
    on()
    RidgeCV(store_cv_results=True).fit(DIABETES, PROGRESS)
    assert (len(runs()), warned()) == (1, [])


def test_data_that_can_be_read_once_is_not_touched(on, runs, warned) -> None:
    on()
    model = make_pipeline(CountVectorizer(), FunctionTransformer(), MultinomialNB(force_alpha=True))
    model.fit((text for text in ["good day", "bad day"]), [1, 0])
    assert model.predict(["good"]) == [1]
    assert (runs()[0].inputs.datasets, runs()[0].data.metrics, warned()) == ((), {}, [])


def test_a_pipeline_logs_once_and_with_the_parameters_of_its_steps(on, runs) -> None:
    on()
    make_pipeline(StandardScaler(with_mean=False), LogisticRegression(max_iter=321)).fit(IRIS, TARGET)
    [run] = runs()
    assert run.data.tags["estimator_name"] == "Pipeline"
    assert run.data.params["logisticregression__max_iter"] == "321"
    assert run.data.params["standardscaler__with_mean"] == "False"
    assert run.data.params["standardscaler"] == "StandardScaler(with_mean=False)"


def test_long_values_are_kept_whole_and_say_no_addresses(on, runs) -> None:
    on(log_models=False)
    steps = [(f"step {number} (of many)", FunctionTransformer(numpy.abs)) for number in range(60)]
    start = numpy.arange(3 * 400, dtype=float).reshape(3, 400)
    Pipeline([*steps, ("means", KMeans(3, init=start, n_init=1))]).fit(numpy.random.default_rng(0).random((9, 400)))
    [run] = runs()
    assert run.data.params["steps"].count("FunctionTransformer(func=<ufunc 'absolute'>)") == 60
    assert "..." not in run.data.params["means__init"]
    assert run.data.params["step 0 _of many___func"] == "<ufunc 'absolute'>"
    assert not any("0x" in value for value in run.data.params.values())


def test_functions_are_named(on, runs) -> None:
    on(log_models=False)
    make_pipeline(FunctionTransformer(func=numpy.nan_to_num), Ridge()).fit(DIABETES, PROGRESS)
    assert runs()[0].data.params["functiontransformer__func"] == "numpy.nan_to_num"


def test_a_search_logs_its_best_and_a_child_for_each_of_the_best_candidates(on, runs, workspace, warned) -> None:
    on(max_tuning_runs=2)
    search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.001, 0.1, 1.0]}, cv=3).fit(IRIS, TARGET)
    parent, *children = runs()
    assert warned() == []
    assert parent.data.tags["estimator_name"] == "GridSearchCV"
    assert parent.data.params["best_C"] == str(search.best_params_["C"])
    assert parent.data.metrics["best_cv_score"] == pytest.approx(search.best_score_)
    assert [each.data.tags["mlflow.parentRunId"] for each in children] == [parent.info.run_id] * 2
    ranked = sorted(zip(search.cv_results_["rank_test_score"], [0.001, 0.1, 1.0], strict=True))
    assert [each.data.params for each in children] == [{"C": str(value)} for _rank, value in ranked[:2]]
    best = children[0].data.metrics
    assert best["mean_test_score"] == pytest.approx(search.best_score_)
    assert best["rank_test_score"] == 1
    assert {each.info.status for each in children} == {"FINISHED"}
    table = workspace.runs.download_artifacts(parent.info.run_id, "cv_results.csv", workspace.config.home)
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [float(row["param_C"]) for row in rows] == [0.001, 0.1, 1.0]
    loaded = workspace.load_model(f"runs:/{parent.info.run_id}/best_estimator")
    assert (loaded.native.predict(IRIS) == search.predict(IRIS)).all()
    assert type(loaded.native) is LogisticRegression


@pytest.mark.parametrize(("asked", "children"), [(0, 0), (None, 4), (10, 4)])
def test_the_number_of_child_runs_is_chosen(on, runs, asked, children) -> None:
    on(max_tuning_runs=asked, log_models=False)
    RandomizedSearchCV(Ridge(), {"alpha": [0.1, 1, 2, 3]}, n_iter=4, random_state=0).fit(DIABETES, PROGRESS)
    assert len(runs()) == 1 + children


def test_a_search_with_several_scores_ranks_by_the_one_it_refits(on, runs, warned) -> None:
    on(max_tuning_runs=1)
    scoring = {"error": "neg_mean_absolute_error", "fit": "r2"}
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 100]}, scoring=scoring, refit="fit").fit(DIABETES, PROGRESS)
    _parent, child = runs()
    assert warned() == []
    assert child.data.params == {"alpha": str(search.best_params_["alpha"])}
    assert child.data.metrics["rank_test_fit"] == 1


def test_a_search_that_does_not_refit_is_logged_as_far_as_it_goes(on, runs, warned) -> None:
    on(max_tuning_runs=1)
    scoring = {"error": "neg_mean_absolute_error", "fit": "r2"}
    GridSearchCV(Ridge(), {"alpha": [0.1, 100]}, scoring=scoring, refit=False).fit(DIABETES, PROGRESS)
    assert (len(runs()), warned()) == (2, [])


class Twice(ClassifierMixin, BaseEstimator):
    """A meta-estimator of a user's own: scikit-learn is not in the frames between it and what it trains."""

    def fit(self, X: Any, y: Any) -> "Twice":
        LogisticRegression(max_iter=500).fit(X, y)
        self.inner_ = DecisionTreeClassifier(max_depth=2).fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict(self, X: Any) -> Any:
        return self.inner_.predict(X)


@pytest.mark.parametrize(
    "training",
    [
        lambda: BaggingClassifier(LogisticRegression(max_iter=500), 3).fit(IRIS, TARGET),
        lambda: VotingClassifier([("one", DecisionTreeClassifier()), ("two", RandomForestClassifier(2))], n_jobs=2).fit(
            IRIS, TARGET
        ),
        lambda: make_pipeline(StandardScaler(), Twice()).fit(IRIS, TARGET),
        lambda: GridSearchCV(make_pipeline(StandardScaler(), Twice()), {"twice": [Twice()]}, n_jobs=2).fit(
            IRIS, TARGET
        ),
        lambda: KMeans(2, n_init=1).fit_predict(IRIS),
        lambda: KMeans(2, n_init=1).fit_transform(IRIS),
        lambda: GaussianMixture(2).fit(IRIS),
        lambda: GaussianMixture(2).fit_predict(IRIS),
        lambda: LocalOutlierFactor().fit_predict(IRIS),
        lambda: make_pipeline(StandardScaler(), KMeans(2, n_init=1)).fit_predict(IRIS),
    ],
)
@pytest.mark.parametrize("backend", ["threading", "sequential"])
def test_only_the_outermost_training_is_logged(on, runs, training, backend) -> None:
    on(log_models=False, max_tuning_runs=0)
    with joblib.parallel_backend(backend):
        training()
    assert len(runs()) == 1


def test_worker_processes_log_nothing(on, runs) -> None:
    on(log_models=False, max_tuning_runs=0)
    GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1]}, cv=2, n_jobs=2).fit(IRIS, TARGET)
    assert len(runs()) == 1


@pytest.mark.parametrize(
    "not_a_training",
    [
        lambda: StandardScaler().fit_transform(IRIS),
        lambda: cross_val_score(LogisticRegression(max_iter=500), IRIS, TARGET, cv=3),
        lambda: cross_val_score(Twice(), IRIS, TARGET, cv=2),
        lambda: clone(LogisticRegression()),
    ],
)
def test_what_is_no_training_of_a_model_is_not_logged(on, runs, not_a_training) -> None:
    on()
    not_a_training()
    assert runs() == []


def test_a_fit_of_a_users_own_estimator_logs_what_it_trains(on, runs) -> None:
    on(log_models=False)
    Twice().fit(IRIS, TARGET)
    assert [run.data.tags["estimator_name"] for run in runs()] == ["LogisticRegression", "DecisionTreeClassifier"]


def test_what_a_training_returns_and_raises_is_its_own(on, runs) -> None:
    on()
    model = LinearRegression()
    assert model.fit(DIABETES, PROGRESS) is model
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        LinearRegression().fit(DIABETES, PROGRESS[:3])
    assert [run.info.status for run in runs()] == ["FINISHED", "FAILED"]


def test_a_run_that_is_active_is_used_and_left_open(workspace, runs) -> None:
    with workspace.start_run() as active:

        @contextlib.contextmanager
        def opened(*, parent: Run | None = None) -> Iterator[Run]:
            yield active

        autolog(opened, log_models=False)
        try:
            Ridge().fit(DIABETES, PROGRESS)
        finally:
            autolog(opened, disable=True)
        assert active.is_open
    assert len(runs()) == 1


@pytest.mark.parametrize("moment", ["opened", "logged", "left"])
def test_an_error_of_logging_is_a_warning(workspace, warned, monkeypatch, moment) -> None:
    def fail(*_args: Any, **_options: Any) -> Any:
        raise Unavailable(f"The store is gone when it is {moment}.")

    @contextlib.contextmanager
    def opened(*, parent: Run | None = None) -> Iterator[Run]:
        if moment == "opened":
            fail()
        with workspace.start_run() as run:
            if moment == "logged":
                for name in ("log_params", "log_input", "log_model", "log_batch", "set_tags"):
                    monkeypatch.setattr(run, name, fail)
            yield run
            if moment == "left":
                fail()

    autolog(opened)
    try:
        model = Ridge().fit(DIABETES, PROGRESS)
        with pytest.raises(ValueError, match="inconsistent"):
            Ridge().fit(DIABETES, PROGRESS[:3])
    finally:
        autolog(opened, disable=True)
    assert model.predict(DIABETES).shape == PROGRESS.shape
    assert any("The store is gone" in text for text in warned())


def test_a_model_that_the_format_cannot_hold_is_a_warning_with_advice(on, runs, warned) -> None:
    on()
    make_pipeline(FunctionTransformer(lambda values: values), Ridge()).fit(DIABETES, PROGRESS)
    [text] = warned()
    assert "the model" in text
    assert "serialization_format='cloudpickle'" in text
    assert runs()[0].data.metrics


def test_the_format_of_the_models_is_an_option(on, runs, warned, workspace) -> None:
    on(serialization_format="cloudpickle")
    make_pipeline(FunctionTransformer(lambda values: values), Ridge()).fit(DIABETES, PROGRESS)
    assert warned() == []
    assert workspace.load_model(f"runs:/{runs()[0].info.run_id}/model").predict(DIABETES).shape == PROGRESS.shape
    with pytest.raises(InvalidValue, match="serialization_format"):
        on(serialization_format="joblib")


def test_models_and_datasets_can_be_left_out(on, runs) -> None:
    on(log_models=False, log_datasets=False)
    Ridge().fit(DIABETES, PROGRESS)
    assert (runs()[0].inputs.datasets, runs()[0].outputs.models) == ((), ())


def test_data_that_the_training_changes_is_noted_as_it_was(on, runs) -> None:
    on(log_models=False)
    features = DIABETES.copy()
    Ridge().fit(DIABETES, PROGRESS)
    LinearRegression(copy_X=False).fit(features, PROGRESS)
    first, second = (run.inputs.datasets[0].dataset.digest for run in runs())
    assert first == second


def test_switching_on_twice_logs_once(on, runs) -> None:
    on(log_models=True)
    on(log_models=False)
    Ridge().fit(DIABETES, PROGRESS)
    [run] = runs()
    assert run.outputs.models == ()


def test_switching_off_leaves_the_classes_as_they_were(open_run, runs) -> None:
    before = {kind: {name: vars(kind)[name] for name in vars(kind)} for kind in (Ridge, Pipeline, GridSearchCV, KMeans)}
    places = {(owner, name): vars(owner)[name] for owner, name in _places()}
    autolog(open_run)
    assert all(vars(owner)[name] is not method for (owner, name), method in places.items())
    autolog(open_run, disable=True)
    assert all(vars(owner)[name] is method for (owner, name), method in places.items())
    for kind, names in before.items():
        assert {name: value for name, value in vars(kind).items() if value is not names.get(name)} == {}
    Ridge().fit(DIABETES, PROGRESS)
    assert runs() == []


def test_somebody_elses_wrapper_around_ours_is_left_in_place(open_run, runs, monkeypatch) -> None:
    plain = Ridge.fit
    autolog(open_run)
    ours = Ridge.fit
    monkeypatch.setattr(Ridge, "fit", lambda self, *args: ours(self, *args))
    theirs = Ridge.fit
    autolog(open_run, disable=True)
    assert Ridge.fit is theirs
    Ridge().fit(DIABETES, PROGRESS)
    assert runs() == []
    monkeypatch.undo()
    autolog(open_run, disable=True)
    assert Ridge.fit is plain


def test_methods_stay_what_tools_take_them_for(on) -> None:
    import inspect
    import pickle

    on()
    assert list(inspect.signature(Ridge().fit).parameters) == ["X", "y", "sample_weight"]
    assert not hasattr(make_pipeline(StandardScaler(), Ridge()), "fit_predict"), "available_if still decides"
    assert hasattr(make_pipeline(StandardScaler(), KMeans()), "fit_predict")
    assert pickle.loads(pickle.dumps(Ridge().fit)).__name__ == "fit"


def test_trainings_in_threads_log_into_runs_of_their_own(on, runs) -> None:
    on(log_models=False)
    barrier = Barrier(4)

    def train(alpha: float) -> None:
        barrier.wait(timeout=60)
        Ridge(alpha=alpha).fit(DIABETES, PROGRESS)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(train, [1.0, 2.0, 3.0, 4.0]))
    assert sorted(run.data.params["alpha"] for run in runs()) == ["1.0", "2.0", "3.0", "4.0"]


def test_wine_as_the_example_trains_it(on, runs, warned) -> None:
    on()
    data, target = load_wine(return_X_y=True)
    make_pipeline(StandardScaler(), RandomForestClassifier(20, random_state=0)).fit(data, target)
    assert warned() == []
    assert runs()[0].data.metrics["training_accuracy_score"] == 1.0
