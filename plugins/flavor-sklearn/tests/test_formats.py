"""The three formats, what they can hold, and what the gate is asked when they are opened."""

import pickle
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import Birch
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import hookline_flavor_sklearn
from hookline.errors import InvalidValue, NotFound, PickleRefused
from hookline.testing.memory_plugin import memory_workspace
from hookline_flavor_sklearn.flavor import SklearnFlavor

DATA, TARGET = load_iris(return_X_y=True)


class Gate:
    """Writes down what it is asked; `opens` says what it answers."""

    def __init__(self, opens: bool = True) -> None:
        self.opens = opens
        self.asked: list[tuple[str, ...]] = []

    def load(self, path: Path) -> Any:
        self.asked.append(("load", path.name))
        self._answer()
        return pickle.loads(path.read_bytes())

    def permit(self, path: Path, imports: Sequence[str], *, own: bool = False) -> None:
        self.asked.append(("own" if own else "foreign", *imports))
        self._answer()

    def _answer(self) -> None:
        if not self.opens:
            raise PickleRefused("no")


class Majority(ClassifierMixin, BaseEstimator):
    """An estimator that scikit-learn does not know."""

    def fit(self, X: Any, y: Any) -> "Majority":
        values, counts = numpy.unique(y, return_counts=True)
        self.most_ = values[counts.argmax()]
        return self

    def predict(self, X: Any) -> Any:
        return numpy.full(len(X), self.most_)


def _logistic() -> Any:
    return LogisticRegression(max_iter=500).fit(DATA, TARGET)


@pytest.fixture
def flavor() -> SklearnFlavor:
    return SklearnFlavor()


@pytest.mark.parametrize(
    ("chosen", "file"), [("skops", "model.skops"), ("cloudpickle", "model.pkl"), ("pickle", "model.pkl")]
)
def test_each_format_brings_the_same_model_back(flavor: SklearnFlavor, tmp_path: Path, chosen: str, file: str) -> None:
    model = make_pipeline(StandardScaler(), _logistic()).fit(DATA, TARGET)
    block = flavor.save(model, tmp_path, {"serialization_format": chosen})
    assert block == {
        "data": file,
        "pickled_model": file,
        "serialization_format": chosen,
        "sklearn_version": sklearn.__version__,
        "skops_trusted_types": None,
        "code": None,
    }
    assert [each.name for each in tmp_path.iterdir()] == [file]
    again = SklearnFlavor().load(tmp_path, block, Gate())
    assert (again.predict_proba(DATA) == model.predict_proba(DATA)).all()


def test_skops_is_the_default_and_needs_no_permission_for_what_it_knows(flavor: SklearnFlavor, tmp_path: Path) -> None:
    block = flavor.save(_logistic(), tmp_path, {})
    gate = Gate(opens=False)
    flavor.load(tmp_path, block, gate)
    assert (block["serialization_format"], gate.asked) == ("skops", [])


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (RandomForestClassifier(2), "sklearn.tree._tree.Tree"),
        (GaussianProcessRegressor(optimizer=None), "sklearn.gaussian_process.kernels.RBF"),
        (
            GridSearchCV(LogisticRegression(max_iter=500), {"C": [1, 2]}),
            "sklearn.metrics._scorer._PassthroughScorer",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_types_of_the_library_that_skops_does_not_vouch_for_need_a_record(
    flavor: SklearnFlavor, tmp_path: Path, model: Any, named: str
) -> None:
    block = flavor.save(model.fit(DATA, TARGET), tmp_path, {})
    assert named in block["skops_trusted_types"]
    gate = Gate()
    assert (flavor.load(tmp_path, block, gate).predict(DATA) == model.predict(DATA)).all()
    assert gate.asked == [("own", *block["skops_trusted_types"])]
    with pytest.raises(PickleRefused):
        flavor.load(tmp_path, block, Gate(opens=False))


def test_types_of_others_are_asked_for_like_a_pickle(flavor: SklearnFlavor, tmp_path: Path) -> None:
    block = flavor.save(Majority().fit(DATA, TARGET), tmp_path, {})
    gate = Gate()
    assert flavor.load(tmp_path, block, gate).most_ == 0
    assert gate.asked == [("foreign", f"{Majority.__module__}.Majority")]


def test_a_list_of_trusted_types_in_the_file_is_not_believed(flavor: SklearnFlavor, tmp_path: Path) -> None:
    block = flavor.save(FunctionTransformer(func=pickle.loads), tmp_path, {})
    assert block["skops_trusted_types"] == ["_pickle.loads"]
    with pytest.raises(PickleRefused):
        flavor.load(tmp_path, block, Gate(opens=False))


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (FunctionTransformer(func=lambda values: values), "lambda"),
        (Birch(n_clusters=2).fit(DATA), "Birch"),
        (type("Local", (StandardScaler,), {})(), "Local"),
    ],
    ids=["lambda", "unsupported", "local class"],
)
def test_what_skops_cannot_hold_is_refused_with_advice(
    flavor: SklearnFlavor, tmp_path: Path, model: Any, text: str
) -> None:
    with pytest.raises(InvalidValue, match=f"(?s){text}.*serialization_format='cloudpickle'"):
        flavor.save(model, tmp_path, {})


def test_a_class_of_the_program_itself_is_refused_by_skops(
    flavor: SklearnFlavor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import __main__

    class Own(StandardScaler):
        pass

    Own.__module__, Own.__qualname__ = "__main__", "Own"
    monkeypatch.setattr(__main__, "Own", Own, raising=False)
    with pytest.raises(InvalidValue, match=r"__main__\.Own.*cloudpickle"):
        flavor.save(Own(), tmp_path, {})


def test_cloudpickle_holds_a_lambda(flavor: SklearnFlavor, tmp_path: Path) -> None:
    model = FunctionTransformer(func=lambda values: values * 2)
    block = flavor.save(model, tmp_path, {"serialization_format": "cloudpickle"})
    assert (flavor.load(tmp_path, block, Gate()).transform(DATA) == DATA * 2).all()


@pytest.mark.parametrize("chosen", ["pickle", "cloudpickle"])
def test_what_a_pickle_cannot_hold_is_refused(flavor: SklearnFlavor, tmp_path: Path, chosen: str) -> None:
    model = StandardScaler()
    model.stream = (each for each in [1])
    with pytest.raises(InvalidValue, match=f"format {chosen} cannot hold this StandardScaler"):
        flavor.save(model, tmp_path, {"serialization_format": chosen})


@pytest.mark.parametrize(
    ("options", "text"),
    [({"serialization_format": "joblib"}, "serialization_format"), ({"format": "skops"}, "unknown key 'format'")],
)
def test_wrong_options_are_named(flavor: SklearnFlavor, tmp_path: Path, options: dict[str, str], text: str) -> None:
    with pytest.raises(InvalidValue, match=text):
        flavor.save(_logistic(), tmp_path, options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"serialization_format": "joblib"}, InvalidValue, "allowed: skops, cloudpickle, pickle"),
        ({"pickled_model": "../model.skops"}, InvalidValue, "Invalid path"),
        ({"pickled_model": "/etc/passwd"}, InvalidValue, "Invalid path"),
        ({"pickled_model": "other.skops"}, NotFound, "other.skops"),
    ],
)
def test_a_wrong_block_is_refused(
    flavor: SklearnFlavor, tmp_path: Path, change: dict[str, str], error: type[Exception], text: str
) -> None:
    block = flavor.save(_logistic(), tmp_path, {})
    with pytest.raises(error, match=text):
        flavor.load(tmp_path, {**block, **change}, Gate(opens=False))


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-300])


def _no_zip(path: Path) -> None:
    path.write_bytes(b"no zip at all")


def _no_schema(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("other", "")


def _broken_schema(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("schema.json", "{")


def _unknown_node(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("schema.json", '{"__class__": "X", "__module__": "y", "__loader__": "Z", "protocol": 1}')


@pytest.mark.parametrize("damage", [_truncated, _no_zip, _no_schema, _broken_schema, _unknown_node])
def test_a_damaged_skops_file_is_one_clear_error(flavor: SklearnFlavor, tmp_path: Path, damage: Any) -> None:
    block = flavor.save(_logistic(), tmp_path, {})
    damage(tmp_path / "model.skops")
    with pytest.raises(InvalidValue, match=r"model\.skops cannot be read as a skops file"):
        flavor.load(tmp_path, block, Gate())


def test_blocks_of_old_mlflow_name_no_format_and_mean_pickle(flavor: SklearnFlavor, tmp_path: Path) -> None:
    flavor.save(_logistic(), tmp_path, {"serialization_format": "pickle"})
    gate = Gate()
    flavor.load(tmp_path, {"pickled_model": "model.pkl", "sklearn_version": "1.0"}, gate)
    assert gate.asked == [("load", "model.pkl")]


def test_predict_asks_the_method_that_the_params_name(flavor: SklearnFlavor) -> None:
    model = _logistic()
    assert (flavor.predict(model, DATA, {}) == model.predict(DATA)).all()
    assert (flavor.predict(model, DATA, {"predict_method": "predict_proba"}) == model.predict_proba(DATA)).all()


def test_further_params_are_the_methods_arguments(flavor: SklearnFlavor) -> None:
    model = GaussianProcessRegressor(optimizer=None).fit(DATA, TARGET)
    _mean, deviation = flavor.predict(model, DATA[:4], {"return_std": True})
    assert deviation.shape == (4,)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"predict_method": "fit"}, "no predict_method 'fit'; allowed: predict, predict_proba"),
        ({"predict_method": "__class__"}, "no predict_method '__class__'"),
        ({"predict_method": "transform"}, "no predict_method 'transform'"),
        ({"temperature": 1}, "do not fit LogisticRegression.predict: got an unexpected keyword argument 'temperature'"),
    ],
)
def test_params_that_the_model_does_not_have_are_refused(
    flavor: SklearnFlavor, params: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidValue, match=text):
        flavor.predict(_logistic(), DATA, params)


def test_columns_in_a_mapping_become_a_frame(flavor: SklearnFlavor) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(DATA, columns=["a", "b", "c", "d"])
    model = LogisticRegression(max_iter=500).fit(frame, TARGET)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = flavor.predict(model, {name: frame[name].to_numpy() for name in frame}, {})
    assert (found == model.predict(frame)).all()


def test_the_method_that_mlflow_was_told_to_call_is_called(flavor: SklearnFlavor, tmp_path: Path) -> None:
    block = flavor.save(_logistic(), tmp_path, {})
    (tmp_path / "MLmodel").write_text("flavors:\n  python_function:\n    predict_fn: predict_proba\n")
    model = flavor.load(tmp_path, block, Gate())
    assert flavor.predict(model, DATA, {}).shape == (150, 3)
    assert flavor.predict(_logistic(), DATA, {}).shape == (150,)


def test_the_policy_deny_opens_what_the_workspace_saved_as_skops(tmp_path: Path) -> None:
    model = RandomForestClassifier(2).fit(DATA, TARGET)
    with memory_workspace(tmp_path, hookline_flavor_sklearn, models={"pickle": "deny"}) as workspace:
        with workspace.start_run() as run:
            run.log_model(model, "safe")
            run.log_model(model, "pickled", serialization_format="cloudpickle")
            run.log_model(Majority().fit(DATA, TARGET), "foreign")
        assert (workspace.load_model(f"runs:/{run.run_id}/safe").predict(DATA) == model.predict(DATA)).all()
        for name in ("pickled", "foreign"):
            with pytest.raises(PickleRefused, match=r"policy models\.pickle is 'deny'"):
                workspace.load_model(f"runs:/{run.run_id}/{name}")


def test_a_strangers_file_opens_only_where_it_is_harmless(tmp_path: Path) -> None:
    with memory_workspace(tmp_path / "theirs", hookline_flavor_sklearn) as theirs:
        theirs.save_model(_logistic(), tmp_path / "line")
        theirs.save_model(RandomForestClassifier(2).fit(DATA, TARGET), tmp_path / "forest")
    with memory_workspace(tmp_path / "ours", hookline_flavor_sklearn) as ours:
        assert ours.load_model(tmp_path / "line").predict(DATA).shape == TARGET.shape
        with pytest.raises(PickleRefused, match=r"sklearn\.tree\._tree\.Tree"):
            ours.load_model(tmp_path / "forest")
        assert ours.load_model(tmp_path / "forest", allow_pickle=True).predict(DATA).shape == TARGET.shape
