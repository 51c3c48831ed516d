"""What is particular to XGBoost: broken files, classes of one's own, and automatic logging."""

import numpy
import pytest

xgboost = pytest.importorskip("xgboost", reason="needs XGBoost: pip install xgboost-cpu")

import hookline_flavor_xgboost  # noqa: E402
from hookline.errors import InvalidValue, NotFound  # noqa: E402
from hookline.testing.memory_plugin import logged_trainings  # noqa: E402
from hookline_flavor_xgboost.autolog import autolog  # noqa: E402
from hookline_flavor_xgboost.flavor import XGBoostFlavor  # noqa: E402

DATA = numpy.linspace(0, 1, 60).reshape(20, 3)
TARGET = (DATA[:, 0] > 0.5).astype(int)


def fitted():
    return xgboost.XGBClassifier(n_estimators=3).fit(DATA, TARGET)


class Own(xgboost.XGBClassifier):
    pass


@pytest.mark.parametrize("chosen", ["ubj", "json"])
@pytest.mark.parametrize("content", [lambda whole: whole[: len(whole) // 2], lambda whole: b"no model", lambda _: b""])
def test_a_broken_file_is_a_clear_error(tmp_path, chosen, content):
    block = XGBoostFlavor().save(fitted(), tmp_path, {"model_format": chosen})
    file = tmp_path / block["data"]
    file.write_bytes(content(file.read_bytes()))
    with pytest.raises(InvalidValue, match=rf"model\.{chosen} cannot be read as a model of XGBoost"):
        XGBoostFlavor().load(tmp_path, block, None)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"data": "gone.ubj"}, NotFound, "no 'gone.ubj'"),
        ({"data": None}, InvalidValue, "by 'data'"),
        ({"model_class": "os.system"}, InvalidValue, "does not know the class os.system"),
        ({"model_class": "xgboost.sklearn.getattr"}, InvalidValue, "allowed: xgboost.core.Booster"),
    ],
)
def test_a_wrong_block_is_a_clear_error(tmp_path, change, error, text):
    block = XGBoostFlavor().save(fitted(), tmp_path, {})
    with pytest.raises(error, match=text):
        XGBoostFlavor().load(tmp_path, {**block, **change}, None)


def test_a_class_of_ones_own_is_refused(tmp_path):
    with pytest.raises(InvalidValue, match=r"get_booster\(\)"):
        XGBoostFlavor().save(Own(n_estimators=2).fit(DATA, TARGET), tmp_path, {})
    assert list(tmp_path.iterdir()) == []


def test_params_are_arguments_of_predict():
    margins = XGBoostFlavor().predict(fitted(), DATA, {"output_margin": True})
    assert margins.dtype == numpy.float32
    assert set(margins) != {0, 1}
    with pytest.raises(InvalidValue, match="no_such"):
        XGBoostFlavor().predict(fitted(), DATA, {"no_such": 1})


def _by_train():
    matrix = xgboost.DMatrix(DATA, TARGET)
    return xgboost.train({"max_depth": 2}, matrix, 4, evals=[(matrix, "train")], verbose_eval=False)


def _by_fit():
    return xgboost.XGBRegressor(n_estimators=4, max_depth=2).fit(DATA, TARGET, eval_set=[(DATA, TARGET)], verbose=False)


@pytest.mark.parametrize(("training", "metric"), [(_by_train, "train-rmse"), (_by_fit, "validation_0-rmse")])
def test_autolog_logs_a_training(tmp_path, training, metric):
    plain = xgboost.train
    with logged_trainings(tmp_path, hookline_flavor_xgboost, autolog) as (workspace, runs, _):
        model = training()
        autolog(None, disable=True)
        training()
        (run,) = runs
        found = workspace.runs.get(run.run_id)
        assert found.data.params["max_depth"] == "2"
        assert found.data.tags["mlflow.autologging"] == "xgboost"
        history = list(workspace.runs.metrics(run.run_id, metric))
        assert [each.step for each in history] == [0, 1, 2, 3]
        assert history[-1].value < history[0].value
        logged = workspace.load_model(f"runs:/{run.run_id}/model")
        expected = model.predict(xgboost.DMatrix(DATA) if isinstance(model, xgboost.Booster) else DATA)
        assert logged.predict(DATA) == pytest.approx(expected)
    assert xgboost.train is plain
