"""The conformance suites, and what is particular to ONNX: several inputs, number types, broken files."""

import numpy
import pytest

onnx = pytest.importorskip("onnx", reason="needs ONNX: pip install onnx onnxruntime")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs ONNX Runtime: pip install onnx onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

import hookline_flavor_onnx  # noqa: E402
from hookline.errors import InvalidValue, NotFound, SignatureError  # noqa: E402
from hookline.testing import FlavorSuite, PluginSuite  # noqa: E402
from hookline.testing.memory_plugin import memory_workspace  # noqa: E402
from hookline_flavor_onnx.flavor import OnnxFlavor  # noqa: E402

RUNTIME = f"ONNX {onnx.__version__}, ONNX Runtime {onnxruntime.__version__}"


def made(nodes, inputs, weights=()):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2]) for name in (*inputs, "y")]
    graph = helper.make_graph(nodes, "graph", ends[:-1], ends[-1:], list(weights))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def product():
    weights = numpy_helper.from_array(numpy.array([[1, 2], [3, 4]], numpy.float32), "w")
    return made([helper.make_node("MatMul", ["x", "w"], ["y"])], ["x"], [weights])


class TestProduct(FlavorSuite):
    component = RUNTIME
    flavor_name = "onnx"

    @pytest.fixture
    def model(self):
        return product()

    @pytest.fixture
    def data(self):
        return numpy.array([[1, 0], [0.5, 2]], numpy.float32)


class TestSumOfTwo(FlavorSuite):
    component = RUNTIME
    flavor_name = "onnx"

    @pytest.fixture
    def model(self):
        return made([helper.make_node("Add", ["a", "b"], ["y"])], ["a", "b"])

    @pytest.fixture
    def data(self):
        return {name: numpy.array([[1, 2], [3, 4]], numpy.float32) for name in ("a", "b")}


class TestPlugin(PluginSuite):
    plugin = "flavor-onnx"


def test_the_graph_says_what_it_takes_and_returns():
    """By its own types, where no example is given; an input with a value of its own is none."""
    model = product()
    model.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [2, 2]))
    text = helper.make_tensor_value_info("text", TensorProto.STRING, ["rows"])
    model.graph.input.append(text)
    found = OnnxFlavor().signature(model, None, {})
    assert [(each.name, each.dtype, each.shape) for each in found.inputs.tensors] == [
        ("x", "float32", (-1, 2)),
        ("text", "object", (-1,)),
    ]
    assert [(each.name, each.dtype, each.shape) for each in found.outputs.tensors] == [("y", "float32", (-1, 2))]


@pytest.mark.parametrize(
    "output",
    [
        helper.make_tensor_value_info("y", TensorProto.FLOAT, None),
        helper.make_tensor_sequence_value_info("y", TensorProto.FLOAT, [None]),
        helper.make_tensor_value_info("y", TensorProto.BFLOAT16, [None]),
        helper.make_tensor_value_info("y", TensorProto.UNDEFINED, [None]),
    ],
    ids=["of any rank", "sequence", "bfloat16", "of no type"],
)
def test_what_a_signature_cannot_hold_is_left_open(output):
    model = product()
    model.graph.output[0].CopyFrom(output)
    found = OnnxFlavor().signature(model, None, {})
    assert found.outputs is None
    assert found.inputs is not None


def test_a_model_without_an_example_is_saved_with_its_signature(tmp_path):
    with memory_workspace(tmp_path / "home", hookline_flavor_onnx) as workspace:
        workspace.save_model(product(), tmp_path / "model")
        loaded = workspace.load_model(tmp_path / "model")
    pandas = pytest.importorskip("pandas")
    for rows in ([[1, 0]], numpy.ones((1, 2), numpy.float32), pandas.DataFrame({"one": [1.0], "two": [0.0]})):
        assert loaded.predict(rows)["y"].shape == (1, 2)
    with pytest.raises(SignatureError, match="expected 2 values, got 3"):
        loaded.predict([[1, 2, 3]])


def test_tables_and_wide_numbers_are_taken():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"one": [1.0, 0.0], "two": [0.0, 1.0]})
    for data in (table, table.to_numpy(), table.to_numpy().tolist(), table.to_dict("list")):
        assert OnnxFlavor().predict(product(), data, {})["y"].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("model", "data", "params", "text"),
    [
        (product(), numpy.ones((1, 3)), {}, "cannot be asked with this data"),
        (product(), numpy.array([["a", "b"]]), {}, "cannot be asked with this data"),
        (product(), numpy.ones((1, 2)), {"more": 1}, "takes no params"),
        (made([helper.make_node("Add", ["a", "b"], ["y"])], ["a", "b"]), numpy.ones((1, 2)), {}, "columns: a, b"),
    ],
)
def test_data_that_does_not_fit_is_a_clear_error(model, data, params, text):
    with pytest.raises(InvalidValue, match=text):
        OnnxFlavor().predict(model, data, params)


@pytest.mark.parametrize("content", [lambda whole: whole[: len(whole) // 2], lambda whole: b"no model", lambda _: b""])
def test_a_broken_file_is_a_clear_error(tmp_path, content):
    block = OnnxFlavor().save(product(), tmp_path, {})
    file = tmp_path / block["data"]
    file.write_bytes(content(file.read_bytes()))
    with pytest.raises(InvalidValue, match=r"model\.onnx cannot be read as an ONNX model"):
        OnnxFlavor().load(tmp_path, block, None)


def test_external_data_outside_of_the_folder_is_refused(tmp_path):
    (tmp_path / "secret").write_bytes(bytes(16))
    model = product()
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../secret")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(InvalidValue, match="cannot be read as an ONNX model"):
        OnnxFlavor().load(folder, {"data": "model.onnx"}, None)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(NotFound, match=r"no 'model\.onnx'"):
        OnnxFlavor().load(tmp_path, {"data": "model.onnx"}, None)
