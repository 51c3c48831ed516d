"""What is particular to Keras: code in models, data by name, broken files, and automatic logging."""

import logging

import numpy
import pytest

keras = pytest.importorskip("keras", reason="needs Keras and a backend: pip install keras tensorflow-cpu")

from keras.src.backend.common import global_state  # noqa: E402

import hookline_flavor_keras  # noqa: E402
from hookline.errors import InvalidState, InvalidValue, NotFound, NotSupported, PickleRefused  # noqa: E402
from hookline.models.pickles import PickleGate  # noqa: E402
from hookline.testing.memory_plugin import memory_workspace  # noqa: E402
from hookline_flavor_keras.autolog import autolog  # noqa: E402
from hookline_flavor_keras.flavor import KerasFlavor  # noqa: E402

DATA = numpy.linspace(0, 1, 60, dtype="float32").reshape(20, 3)
TARGET = DATA.sum(axis=1)


def line():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.125), loss="mse", metrics=["mae"])
    return model


def two_inputs():
    ends = [keras.Input((1,), name=name) for name in ("a", "b")]
    return keras.Model(ends, [keras.layers.Add(name="total")(ends), keras.layers.Subtract(name="difference")(ends)])


@pytest.fixture
def workspace(tmp_path):
    with memory_workspace(tmp_path / "home", hookline_flavor_keras) as made:
        yield made


# Signature and data --------------------------------------------------------------------------------------------------


def test_the_signature_is_what_the_model_says(workspace, tmp_path):
    workspace.save_model(line(), tmp_path / "line")
    found = workspace.load_model(tmp_path / "line").signature
    assert found.to_dict() == {
        "inputs": '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]',
        "outputs": '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 1]}}]',
        "params": None,
    }


@keras.saving.register_keras_serializable(package="own")
class OfOnesOwn(keras.Model):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.dense = keras.layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs)


def test_a_model_that_does_not_say_gets_its_signature_from_the_example(workspace, tmp_path):
    model = OfOnesOwn()
    model(DATA)
    assert workspace.save_model(model, tmp_path / "without").signature is None
    document = workspace.save_model(model, tmp_path / "with", input_example=DATA[:2])
    assert document.signature.inputs.tensors[0].shape == (-1, 3)
    assert document.signature.outputs.tensors[0].shape == (-1, 1)
    assert workspace.load_model(tmp_path / "with").predict(DATA) == pytest.approx(model.predict(DATA, verbose=0))


def test_a_model_without_weights_is_refused(workspace, tmp_path):
    with pytest.raises(InvalidValue, match="no weights yet"):
        workspace.save_model(OfOnesOwn(), tmp_path / "model")
    assert list(tmp_path.glob("model*")) == []


def test_several_outputs_come_by_name(workspace, tmp_path):
    workspace.save_model(two_inputs(), tmp_path / "model")
    loaded = workspace.load_model(tmp_path / "model")
    assert loaded.signature.inputs.names == ["a", "b"]
    assert loaded.signature.outputs.names == ["total", "difference"]
    found = loaded.predict({"a": numpy.ones((2, 1), "float32"), "b": numpy.ones((2, 1), "float32")})
    assert {name: each.tolist() for name, each in found.items()} == {"total": [[2], [2]], "difference": [[0], [0]]}


@pytest.mark.parametrize("has_signature", [True, False])
def test_tables_and_plain_lists_are_taken(workspace, tmp_path, has_signature):
    pandas = pytest.importorskip("pandas")
    workspace.save_model(line(), tmp_path / "line")
    model = workspace.load_model(tmp_path / "line")
    workspace.save_model(two_inputs(), tmp_path / "two")
    two = workspace.load_model(tmp_path / "two")

    def asked(loaded, data):
        return loaded.predict(data) if has_signature else KerasFlavor().predict(loaded.native, data, {})

    expected = asked(model, DATA)
    table = pandas.DataFrame(DATA.astype("float64"), columns=["x", "y", "z"])
    assert numpy.allclose(asked(model, table), expected, atol=1e-6)
    assert numpy.allclose(asked(model, DATA.tolist()), expected, atol=1e-6)
    columns = pandas.DataFrame({"b": [1.0, 2.0], "a": [10.0, 20.0]})
    assert asked(two, columns)["difference"].ravel().tolist() == [9, 18]


def test_params_are_arguments_of_predict():
    assert len(KerasFlavor().predict(line(), DATA, {"batch_size": 7})) == len(DATA)
    with pytest.raises(InvalidValue, match="no_such"):
        KerasFlavor().predict(line(), DATA, {"no_such": 1})


@pytest.mark.parametrize("data", [numpy.ones((2, 4), "float32"), [["a", "b", "c"]], {"a": [1], "b": [2]}])
def test_data_that_does_not_fit_is_a_clear_error(data):
    with pytest.raises(InvalidValue, match="cannot be asked with this data") as caught:
        KerasFlavor().predict(line(), data, {})
    assert "File" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


# Code in models ------------------------------------------------------------------------------------------------------


def doubling():
    return keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2)])


def gate(folder, policy, *, vouched=False):
    return PickleGate(folder, "model", policy, vouched=lambda: vouched)


@pytest.mark.parametrize(
    ("policy", "vouched", "opens"),
    [("trusted", False, False), ("trusted", True, True), ("allow", False, True), ("deny", True, False)],
)
@pytest.mark.parametrize("process_allows", [False, True])
def test_python_code_in_a_layer_runs_where_the_gate_allows_it(tmp_path, policy, vouched, opens, process_allows):
    block = KerasFlavor().save(doubling(), tmp_path, {})
    if process_allows:
        keras.config.enable_unsafe_deserialization()
    try:
        if not opens:
            with pytest.raises(PickleRefused, match="Python code inside of its layers"):
                KerasFlavor().load(tmp_path, block, gate(tmp_path, policy, vouched=vouched))
            return
        model = KerasFlavor().load(tmp_path, block, gate(tmp_path, policy, vouched=vouched))
    finally:
        global_state.set_global_attribute("safe_mode_saving", None)  # Keras offers no other way back
    assert KerasFlavor().predict(model, DATA, {}) == pytest.approx(DATA * 2)


def test_a_model_without_code_opens_where_pickles_are_denied(tmp_path):
    block = KerasFlavor().save(line(), tmp_path, {})
    assert KerasFlavor().load(tmp_path, block, gate(tmp_path, "deny")).count_params() == 4


def test_a_class_of_ones_own_must_be_registered(tmp_path, monkeypatch):
    @keras.saving.register_keras_serializable(package="own")
    class Twice(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2

    block = KerasFlavor().save(keras.Sequential([keras.Input((3,)), Twice()]), tmp_path, {})
    model = KerasFlavor().load(tmp_path, block, gate(tmp_path, "deny"))
    assert KerasFlavor().predict(model, DATA, {}) == pytest.approx(DATA * 2)
    monkeypatch.delitem(keras.saving.get_custom_objects(), "own>Twice")
    with pytest.raises(InvalidState, match=r"Could not locate class 'Twice'. Import the module"):
        KerasFlavor().load(tmp_path, block, gate(tmp_path, "deny"))


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [lambda whole: whole[: len(whole) // 2], lambda whole: b"no model", lambda _: b""])
def test_a_broken_file_is_a_clear_error(tmp_path, content):
    block = KerasFlavor().save(line(), tmp_path, {})
    file = tmp_path / "data" / "model.keras"
    file.write_bytes(content(file.read_bytes()))
    with pytest.raises(InvalidValue, match=r"model\.keras cannot be read as a model of Keras"):
        KerasFlavor().load(tmp_path, block, gate(tmp_path, "deny"))


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"data": "gone"}, NotFound, "no 'gone'"),
        ({"data": None}, InvalidValue, "by 'data'"),
        ({"data": "../elsewhere"}, InvalidValue, "elsewhere"),
        ({"save_exported_model": True}, NotSupported, "flavor 'tensorflow'"),
    ],
)
def test_a_wrong_block_is_a_clear_error(tmp_path, change, error, text):
    block = KerasFlavor().save(line(), tmp_path, {})
    with pytest.raises(error, match=text):
        KerasFlavor().load(tmp_path, {**block, **change}, gate(tmp_path, "deny"))


# Automatic logging ---------------------------------------------------------------------------------------------------


@pytest.fixture
def runs(workspace):
    """Runs that automatic logging opened, while it is on."""
    opened = []

    def open_run(*, parent=None):
        opened.append(workspace.start_run())
        return opened[-1]

    autolog(open_run)
    yield opened
    autolog(open_run, disable=True)


def test_autolog_logs_a_training(workspace, runs):
    model = line()
    history = model.fit(DATA, TARGET, epochs=3, validation_split=0.25, verbose=0)
    (run,) = runs
    found = workspace.runs.get(run.run_id)
    assert found.info.status.name == "FINISHED"
    assert found.data.tags["mlflow.autologging"] == "keras"
    wanted = {"epochs": "3", "validation_split": "0.25", "optimizer_learning_rate": "0.125"}
    assert wanted.items() <= found.data.params.items()
    for key in ("loss", "mae", "val_loss", "val_mae"):
        points = list(workspace.runs.metrics(run.run_id, key))
        assert [each.step for each in points] == [0, 1, 2]
        assert [each.value for each in points] == pytest.approx(history.history[key])
    logged = workspace.load_model(f"runs:/{run.run_id}/model")
    assert logged.predict(DATA) == pytest.approx(model.predict(DATA, verbose=0))


@pytest.mark.parametrize("wrap", [list, lambda each: each[0], keras.callbacks.CallbackList])
def test_callbacks_of_ones_own_are_called_as_well(workspace, runs, wrap):
    seen = []
    own = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    line().fit(DATA, TARGET, epochs=2, callbacks=wrap([own]), verbose=0)
    assert seen == [0, 1]
    assert len(list(workspace.runs.metrics(runs[0].run_id, "loss"))) == 2


def test_a_training_that_fails_ends_its_run_so(workspace, runs):
    def fail(epoch, logs):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        line().fit(DATA, TARGET, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=fail)], verbose=0)
    assert workspace.runs.get(runs[0].run_id).info.status.name == "FAILED"


def test_a_training_goes_on_where_nothing_can_be_logged(caplog):
    def no_run(*, parent=None):
        raise OSError("no store")

    autolog(no_run)
    try:
        with caplog.at_level(logging.WARNING, "hookline"):
            assert line().fit(DATA, TARGET, verbose=0).epoch == [0]
    finally:
        autolog(no_run, disable=True)
    assert "no store" in caplog.text


def test_switched_off_the_class_is_as_it_was(workspace):
    owner = next(each for each in keras.Model.__mro__ if "fit" in vars(each))
    plain = vars(owner)["fit"]
    autolog(lambda *, parent=None: workspace.start_run(), log_models=False)
    assert vars(owner)["fit"] is not plain
    autolog(lambda *, parent=None: workspace.start_run(), disable=True)
    assert vars(owner)["fit"] is plain
