"""Reading Keras's files in safe mode, and asking models of every shape."""

import numpy
import pytest

keras = pytest.importorskip("keras", reason="needs Keras and a backend: pip install keras tensorflow-cpu")

import hookline_lib_keras as lib_keras  # noqa: E402
from hookline.errors import InvalidValue, PickleRefused  # noqa: E402
from hookline.models.pickles import PickleGate  # noqa: E402

ROWS = numpy.linspace(0, 1, 6, dtype="float32").reshape(2, 3)


def gate(folder, policy="deny"):
    return PickleGate(folder, "model", policy)


def line():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


class Twice(keras.layers.Layer):
    def call(self, inputs):
        return inputs * 2


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_both_formats_are_read(tmp_path, name):
    model = line()
    model.save(tmp_path / name)
    loaded = lib_keras.load(tmp_path / name, gate(tmp_path))
    assert lib_keras.predict(loaded, ROWS, {}) == pytest.approx(lib_keras.predict(model, ROWS, {}))


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_code_in_either_format_is_refused(tmp_path, name):
    keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x + 1)]).save(tmp_path / name)
    with pytest.raises(PickleRefused, match="Python code inside of its layers"):
        lib_keras.load(tmp_path / name, gate(tmp_path))
    loaded = lib_keras.load(tmp_path / name, gate(tmp_path, "allow"))
    assert lib_keras.predict(loaded, ROWS, {}) == pytest.approx(ROWS + 1)


def test_objects_of_ones_own_may_be_given(tmp_path):
    keras.Sequential([keras.Input((3,)), Twice()]).save(tmp_path / "model.keras")
    loaded = lib_keras.load(tmp_path / "model.keras", gate(tmp_path), {"Twice": Twice})
    assert lib_keras.predict(loaded, ROWS, {}) == pytest.approx(ROWS * 2)


def signature(inputs, outputs):
    return lib_keras.signature(keras.Model(inputs, outputs))


def test_a_signature_has_names_where_there_are_several():
    one, other = keras.Input((3,), name="one"), keras.Input((2, 2), name="other", dtype="int32")
    first, second = keras.layers.Dense(1, name="first")(one), keras.layers.Dense(2, name="second")(one)
    both = keras.layers.Add(name="both")([one, keras.layers.Dense(3)(keras.layers.Flatten()(other))])
    assert signature(one, first).inputs.names == signature([one], first).inputs.names == [None]
    assert signature(one, first).outputs.names == [None]
    assert signature({"one": one}, {"y": first}).inputs.names == ["one"]
    assert signature({"one": one}, {"y": first}).outputs.names == ["y"]
    assert signature(one, [first, second]).outputs.names == ["first", "second"]
    found = signature([one, other], both).inputs.tensors
    assert [(each.name, each.dtype, each.shape) for each in found] == [
        ("one", "float32", (-1, 3)),
        ("other", "int32", (-1, 2, 2)),
    ]


def test_texts_are_taken():
    text = keras.Input((1,), dtype="string", name="word")
    model = keras.Model(text, keras.layers.StringLookup(vocabulary=["a", "b"])(text))
    assert lib_keras.signature(model).inputs.tensors[0].dtype == "object"
    for data in ([["b"], ["x"]], {"word": [["b"], ["x"]]}, numpy.array([["b"], ["x"]], object)):
        assert lib_keras.predict(model, data, {}).tolist() == [[2], [0]]


def test_what_is_no_table_is_handed_on():
    tensorflow = pytest.importorskip("tensorflow")
    model = line()
    dataset = tensorflow.data.Dataset.from_tensor_slices(ROWS).batch(1)
    assert lib_keras.predict(model, dataset, {}) == pytest.approx(lib_keras.predict(model, ROWS, {}))


def test_data_that_does_not_fit_is_a_clear_error():
    with pytest.raises(InvalidValue, match="cannot be asked with this data"):
        lib_keras.predict(line(), ROWS[:, :2], {})


def test_requirements_name_keras_and_what_runs_it():
    assert lib_keras.requirements()[0] == "keras"
    assert lib_keras.requirements()[1].startswith(keras.backend.backend())
