"""What is particular to TensorFlow: signatures, folders, the data that they take, broken files."""

import numpy
import pytest

tensorflow = pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install tensorflow-cpu")

import keras  # noqa: E402

import hookline_flavor_tensorflow  # noqa: E402
from hookline.errors import InvalidValue, NotFound  # noqa: E402
from hookline.models.pickles import PickleGate  # noqa: E402
from hookline.testing.memory_plugin import memory_workspace  # noqa: E402
from hookline_flavor_tensorflow.flavor import TensorFlowFlavor  # noqa: E402

ROWS = numpy.array([[1, 0], [0, 1], [1, 1]], "float32")


class Calculator(tensorflow.Module):
    """Two functions, which become two signatures."""

    def __init__(self):
        super().__init__()
        self.offset = tensorflow.Variable(10.0)

    @tensorflow.function(input_signature=[tensorflow.TensorSpec([None, 2], tensorflow.float32, name="x")])
    def total(self, x):
        return {"total": tensorflow.reduce_sum(x, axis=1) + self.offset}

    @tensorflow.function(
        input_signature=[
            tensorflow.TensorSpec([None, 1], tensorflow.float32, name="left"),
            tensorflow.TensorSpec([None, 1], tensorflow.float32, name="right"),
        ]
    )
    def product(self, left, right):
        return {"product": left * right}


def signatures(model):
    return {"total": model.total, "product": model.product}


class Greeting(tensorflow.Module):
    @tensorflow.function(input_signature=[tensorflow.TensorSpec([None], tensorflow.string, name="name")])
    def __call__(self, name):
        return {"text": tensorflow.strings.join(["Hello ", name])}


@pytest.fixture
def exported(tmp_path):
    """The folder of a SavedModel with two signatures."""
    model = Calculator()
    tensorflow.saved_model.save(model, str(tmp_path / "exported"), signatures=signatures(model))
    return tmp_path / "exported"


@pytest.fixture
def workspace(tmp_path):
    with memory_workspace(tmp_path / "home", hookline_flavor_tensorflow) as made:
        yield made


def load(folder, block):
    return TensorFlowFlavor().load(folder, block, PickleGate(folder, "model", "deny"))


# Signatures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "data", "expected"),
    [
        ("total", ROWS, {"total": [11, 11, 12]}),
        ("total", {"x": ROWS}, {"total": [11, 11, 12]}),
        ("product", {"left": ROWS[:, :1], "right": ROWS[:, 1:]}, {"product": [[0], [0], [1]]}),
    ],
)
@pytest.mark.parametrize("given", ["module", "folder", "path of a folder"])
def test_a_signature_is_chosen_by_its_key(workspace, tmp_path, exported, key, data, expected, given):
    model = Calculator()
    options = {"signatures": signatures(model)} if given == "module" else {}
    source = {"module": model, "folder": str(exported), "path of a folder": exported}[given]
    document = workspace.save_model(source, tmp_path / "model", flavor="tensorflow", signature_def_key=key, **options)
    block = document.flavors["tensorflow"]
    assert (block["saved_model_dir"], block["meta_graph_tags"], block["signature_def_key"]) == (
        "tfmodel",
        ["serve"],
        key,
    )
    found = workspace.load_model(tmp_path / "model").predict(data)
    assert {name: each.tolist() for name, each in found.items()} == expected


def test_the_signature_of_the_model_is_that_of_the_savedmodel(workspace, tmp_path, exported):
    workspace.save_model(exported, tmp_path / "model", flavor="tensorflow", signature_def_key="product")
    found = workspace.load_model(tmp_path / "model").signature
    spec = '{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 1]}}'
    inputs = ", ".join(spec.replace("{", f'{{"name": "{name}", ', 1) for name in ("left", "right"))
    assert found.inputs.to_json() == f"[{inputs}]"
    assert found.outputs.names == ["product"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "no signature 'serving_default'; it has: product, total"),
        ({"signature_def_key": "sum"}, "no signature 'sum'; it has: product, total"),
        ({"signature_def_key": "total", "meta_graph_tags": ["gpu"]}, "no graph with the tags gpu; it has: serve"),
        ({"signature_def_key": 3}, "signature_def_key"),
    ],
)
def test_a_signature_or_tags_that_are_not_there_are_named(workspace, tmp_path, exported, options, text):
    with pytest.raises(InvalidValue, match=text):
        workspace.save_model(exported, tmp_path / "model", flavor="tensorflow", **options)
    assert not (tmp_path / "model").exists()


def test_a_module_without_an_input_signature_is_told_what_to_do(workspace, tmp_path):
    class Bare(tensorflow.Module):
        @tensorflow.function
        def __call__(self, x):
            return x

    with pytest.raises(InvalidValue, match=r"it has: none\..*input_signature"):
        workspace.save_model(Bare(), tmp_path / "model")


def test_a_folder_that_is_not_there_is_named(workspace, tmp_path):
    with pytest.raises(NotFound, match="gone"):
        workspace.save_model(tmp_path / "gone", tmp_path / "model", flavor="tensorflow")


def test_a_loaded_model_can_be_saved_again(workspace, tmp_path, exported):
    workspace.save_model(exported, tmp_path / "first", flavor="tensorflow", signature_def_key="total")
    native = workspace.load_model(tmp_path / "first").native
    workspace.save_model(native, tmp_path / "second", signature_def_key="product")
    assert workspace.load_model(tmp_path / "second").predict({"left": [[3]], "right": [[4]]})["product"] == [[12]]


def test_a_keras_model_becomes_a_savedmodel(workspace, tmp_path):
    model = keras.Sequential([keras.Input((2,), name="pixels"), keras.layers.Dense(3, name="scores")])
    workspace.save_model(model, tmp_path / "model", flavor="tensorflow")
    loaded = workspace.load_model(tmp_path / "model")
    assert loaded.signature.inputs.names == ["pixels"]
    assert loaded.predict(ROWS)["output_0"] == pytest.approx(model.predict(ROWS, verbose=0))


# Data ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_signature", [True, False])
def test_tables_are_taken_by_the_names_of_the_inputs(workspace, tmp_path, exported, has_signature):
    pandas = pytest.importorskip("pandas")
    workspace.save_model(exported, tmp_path / "product", flavor="tensorflow", signature_def_key="product")
    workspace.save_model(exported, tmp_path / "total", flavor="tensorflow", signature_def_key="total")

    def asked(name, data):
        loaded = workspace.load_model(tmp_path / name)
        return loaded.predict(data) if has_signature else TensorFlowFlavor().predict(loaded.native, data, {})

    table = pandas.DataFrame({"right": [2.0, 3.0], "other": [0, 0], "left": [4.0, 5.0]})
    assert asked("product", table)["product"].tolist() == [[8], [15]]
    assert asked("total", pandas.DataFrame({"one": [1.0, 2.0], "two": [3.0, 4.0]}))["total"].tolist() == [14, 16]
    assert asked("total", [[1, 3], [2, 4]])["total"].tolist() == [14, 16]


@pytest.mark.parametrize("names", [["Ada"], numpy.array(["Ada"]), numpy.array([b"Ada"], object)])
def test_texts_are_taken(workspace, tmp_path, names):
    workspace.save_model(Greeting(), tmp_path / "model")
    loaded = workspace.load_model(tmp_path / "model")
    for data in (names, {"name": names}):
        assert loaded.predict(data)["text"].tolist() == ["Hello Ada"]


def test_bytes_that_are_no_text_stay_bytes(workspace, tmp_path):
    workspace.save_model(Greeting(), tmp_path / "model")
    found = workspace.load_model(tmp_path / "model").predict(numpy.array([b"\xff", b""], object))
    assert found["text"].tolist() == [b"Hello \xff", b"Hello "]


@pytest.mark.parametrize(
    ("key", "data", "params", "text"),
    [
        ("total", numpy.ones((1, 3)), {}, "cannot be asked with this data"),
        ("total", [["a", "b"]], {}, "cannot be asked with this data"),
        ("total", ROWS, {"more": 1}, "takes no params"),
        ("product", ROWS, {}, "columns: left, right"),
    ],
)
def test_data_that_does_not_fit_is_a_clear_error(tmp_path, exported, key, data, params, text):
    block = TensorFlowFlavor().save(exported, tmp_path, {"signature_def_key": key})
    model = load(tmp_path, block)
    with pytest.raises(InvalidValue, match=text):
        TensorFlowFlavor().predict(model, data, params)


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [lambda whole: whole[: len(whole) // 2], lambda whole: b"no model", lambda _: b""])
@pytest.mark.parametrize("file", ["saved_model.pb", "variables/variables.index"])
def test_a_broken_file_is_a_clear_error(tmp_path, exported, file, content):
    block = TensorFlowFlavor().save(exported, tmp_path, {"signature_def_key": "total"})
    path = tmp_path / "tfmodel" / file
    path.write_bytes(content(path.read_bytes()))
    with pytest.raises(InvalidValue, match="tfmodel cannot be read as a SavedModel"):
        load(tmp_path, block)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"saved_model_dir": "gone"}, NotFound, "no 'gone'"),
        ({"saved_model_dir": None}, InvalidValue, "by 'saved_model_dir'"),
        ({"signature_def_key": "sum"}, InvalidValue, "it has: product, total"),
        ({"meta_graph_tags": ["train"]}, InvalidValue, "it has: serve"),
        ({"model_type": "keras"}, NotFound, "none of model.keras, model.h5"),
    ],
)
def test_a_wrong_block_is_a_clear_error(tmp_path, exported, change, error, text):
    block = TensorFlowFlavor().save(exported, tmp_path, {"signature_def_key": "total"})
    with pytest.raises(error, match=text):
        load(tmp_path, {**block, **change})


def test_a_module_that_mlflow_saved_without_a_signature_is_called(tmp_path):
    class Doubling(tensorflow.Module):
        @tensorflow.function(input_signature=[tensorflow.TensorSpec([None], tensorflow.float32)])
        def __call__(self, x):
            return 2 * x

    tensorflow.saved_model.save(Doubling(), str(tmp_path / "tf2model"))
    model = load(tmp_path, {"saved_model_dir": "tf2model", "model_type": "tf2-module"})
    assert TensorFlowFlavor().predict(model, numpy.array([1, 2], "float32"), {}).tolist() == [2, 4]


def test_inspecting_lists_signatures_and_operations_that_need_trust(workspace, exported, tmp_path):
    workspace.save_model(exported, tmp_path / "model", flavor="tensorflow", signature_def_key="total")
    report = next(each for each in workspace.models.inspect(tmp_path / "model").flavors if each.name == "tensorflow")
    assert report.facts == {
        "signatures": {
            "product": "left float32 (?, 1), right float32 (?, 1) -> product float32 (?, 1)",
            "total": "x float32 (?, 2) -> total float32 (?)",
        },
        "operations that need trust": [],
    }
    file = tmp_path / "model" / "tfmodel" / "saved_model.pb"
    file.write_bytes(b"none")
    (report, *_) = workspace.models.inspect(tmp_path / "model").flavors
    assert "cannot be read as a SavedModel" in report.facts["problem"]


class Writes(tensorflow.Module):
    @tensorflow.function(input_signature=[tensorflow.TensorSpec([], tensorflow.string, name="path")])
    def __call__(self, path):
        tensorflow.io.write_file(path, "x")
        return {"path": path}


def test_inspecting_a_model_that_writes_says_so(workspace, tmp_path):
    workspace.save_model(Writes(), tmp_path / "model", flavor="tensorflow")
    (report, *_) = workspace.models.inspect(tmp_path / "model").flavors
    assert report.facts["operations that need trust"] == ["WriteFile"]
