"""What is particular to LightGBM: broken files, pickles of MLflow, and automatic logging."""

import pickle

import numpy
import pytest

lightgbm = pytest.importorskip("lightgbm", reason="needs LightGBM: pip install lightgbm")

import hookline_flavor_lightgbm  # noqa: E402
from hookline.errors import InvalidValue, NotFound, PickleRefused  # noqa: E402
from hookline.models.pickles import PickleGate  # noqa: E402
from hookline.testing.memory_plugin import logged_trainings  # noqa: E402
from hookline_flavor_lightgbm.autolog import autolog  # noqa: E402
from hookline_flavor_lightgbm.flavor import LightGBMFlavor  # noqa: E402

DATA = numpy.linspace(0, 1, 60).reshape(20, 3)
TARGET = (DATA[:, 0] > 0.5).astype(int)


def booster():
    return lightgbm.train({"verbose": -1, "min_data_in_leaf": 1}, lightgbm.Dataset(DATA, TARGET), 3)


def estimator():
    return lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, min_child_samples=1).fit(DATA, TARGET)


@pytest.mark.parametrize(("made", "kind"), [(booster, "a model of LightGBM"), (estimator, "a skops file")])
@pytest.mark.parametrize("content", [lambda whole: whole[: len(whole) // 2], lambda whole: b"no model", lambda _: b""])
def test_a_broken_file_is_a_clear_error(tmp_path, made, kind, content):
    block = LightGBMFlavor().save(made(), tmp_path, {})
    file = tmp_path / block["data"]
    file.write_bytes(content(file.read_bytes()))
    with pytest.raises(InvalidValue, match=f"{file.name} cannot be read as {kind}"):
        LightGBMFlavor().load(tmp_path, block, PickleGate(tmp_path, "model", "allow"))


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"data": "gone.lgb"}, NotFound, "no 'gone.lgb'"),
        ({"data": None}, InvalidValue, "by 'data'"),
        ({"serialization_format": "own"}, InvalidValue, "allowed: skops"),
    ],
)
def test_a_wrong_block_is_a_clear_error(tmp_path, change, error, text):
    block = LightGBMFlavor().save(estimator(), tmp_path, {})
    with pytest.raises(error, match=text):
        LightGBMFlavor().load(tmp_path, {**block, **change}, PickleGate(tmp_path, "model", "allow"))


def test_a_pickle_of_mlflow_passes_the_gate(tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(estimator()))
    block = {"data": "model.pkl", "model_class": "lightgbm.sklearn.LGBMClassifier"}
    with pytest.raises(PickleRefused, match="lightgbm"):
        LightGBMFlavor().load(tmp_path, block, PickleGate(tmp_path, "model", "trusted"))
    loaded = LightGBMFlavor().load(tmp_path, block, PickleGate(tmp_path, "model", "allow"))
    assert (loaded.predict(DATA) == estimator().predict(DATA)).all()


def _by_train():
    data = lightgbm.Dataset(DATA, TARGET)
    params = {"max_depth": 2, "metric": "rmse", "verbose": -1, "min_data_in_leaf": 1}
    return lightgbm.train(params, data, 4, valid_sets=[data], valid_names=["train"])


def _by_fit():
    model = lightgbm.LGBMRegressor(n_estimators=4, max_depth=2, verbose=-1, min_child_samples=1)
    return model.fit(DATA, TARGET, eval_set=[(DATA.copy(), TARGET)], eval_metric="rmse")


@pytest.mark.filterwarnings("ignore:The argument .eval_set.")  # of LightGBM 4.7; 4.6 has no other
@pytest.mark.parametrize(("training", "metric"), [(_by_train, "train-rmse"), (_by_fit, "valid_0-rmse")])
def test_autolog_logs_a_training(tmp_path, training, metric):
    plain = lightgbm.train
    with logged_trainings(tmp_path, hookline_flavor_lightgbm, autolog) as (workspace, runs, _):
        model = training()
        autolog(None, disable=True)
        training()
        (run,) = runs
        found = workspace.runs.get(run.run_id)
        assert found.data.params["max_depth"] == "2"
        assert found.data.tags["mlflow.autologging"] == "lightgbm"
        history = list(workspace.runs.metrics(run.run_id, metric))
        assert [each.step for each in history] == [0, 1, 2, 3]
        assert history[-1].value < history[0].value
        logged = workspace.load_model(f"runs:/{run.run_id}/model")
        assert logged.predict(DATA) == pytest.approx(model.predict(DATA))
    assert lightgbm.train is plain
