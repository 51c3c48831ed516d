"""What a SavedModel may do when it is opened: only compute, unless the gate allows more."""

import numpy
import pytest

tensorflow = pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install tensorflow-cpu")

import keras  # noqa: E402
from tensorflow.core.framework import op_def_pb2  # noqa: E402
from tensorflow.python.client import pywrap_tf_session  # noqa: E402

from hookline.errors import PickleRefused  # noqa: E402
from hookline.models.pickles import PickleGate  # noqa: E402
from hookline_flavor_tensorflow import graphs  # noqa: E402
from hookline_flavor_tensorflow.flavor import TensorFlowFlavor  # noqa: E402

WORDS = tensorflow.TensorSpec([None], tensorflow.string, name="words")


def gate(folder, policy="trusted", *, vouched=False):
    return PickleGate(folder, "model", policy, vouched=lambda: vouched)


class Writes(tensorflow.Module):
    """Writes a file when it is asked."""

    def __init__(self, target):
        super().__init__()
        self.target = tensorflow.constant(str(target))

    @tensorflow.function(input_signature=[WORDS])
    def __call__(self, words):
        tensorflow.io.write_file(self.target, "written")
        return words


class WritesDeepInside(Writes):
    """The same, within a loop within a function."""

    @tensorflow.function
    def inner(self, words):
        for _number in tensorflow.range(1):
            tensorflow.io.write_file(self.target, "written")
        return words

    @tensorflow.function(input_signature=[WORDS])
    def __call__(self, words):
        return self.inner(words)


class WritesWhenLoaded(tensorflow.Module):
    """Writes a file when it is loaded, as a table that fills itself does."""

    def __init__(self, target):
        super().__init__()
        initializer = tensorflow.lookup.KeyValueTensorInitializer(["a"], [1])
        self.table = tensorflow.lookup.StaticHashTable(initializer, 0)
        plain = initializer.initialize

        def initialize(table):
            tensorflow.io.write_file(str(target), "written")
            return plain(table)

        initializer.initialize = initialize

    @tensorflow.function(input_signature=[WORDS])
    def __call__(self, words):
        return self.table.lookup(words)


@pytest.mark.parametrize("kind", [Writes, WritesDeepInside, WritesWhenLoaded])
def test_a_graph_that_writes_files_is_refused_before_it_runs(tmp_path, kind):
    target = tmp_path / "target"
    folder = tmp_path / "model"
    folder.mkdir()
    block = TensorFlowFlavor().save(kind(target), folder, {})
    target.unlink(missing_ok=True)
    for policy in ("trusted", "deny"):
        with pytest.raises(PickleRefused, match=r"tensorflow\.raw_ops\.WriteFile"):
            TensorFlowFlavor().load(folder, block, gate(folder, policy))
    assert not target.exists()
    model = TensorFlowFlavor().load(folder, block, gate(folder, vouched=True))
    TensorFlowFlavor().predict(model, {"words": numpy.array(["a"], object)}, {})
    assert target.read_text() == "written"  # the attack was a real one


def test_a_function_that_only_its_marks_lead_to_is_looked_into(tmp_path):
    """TensorFlow may swap functions with one `api_implements`, and nothing else may name the other one."""
    target = tmp_path / "target"
    block = TensorFlowFlavor().save(Writes(target), tmp_path, {})
    saved = graphs.read(tmp_path / block["saved_model_dir"])
    (graph,) = saved.meta_graphs
    graph.object_graph_def.concrete_functions.clear()
    for each in graph.object_graph_def.nodes:
        each.ClearField("function")
        each.ClearField("bare_concrete_function")
    writing = [each for each in graph.graph_def.library.function if any(n.op == "WriteFile" for n in each.node_def)]
    for function in graph.graph_def.library.function:
        for node in function.node_def:
            node.attr.clear()
    assert "WriteFile" not in graphs.reaching_operations(saved)
    for function in writing:
        function.attr["api_implements"].s = b"mine"
    assert "WriteFile" in graphs.reaching_operations(saved)


def test_operations_that_nobody_knows_are_refused(tmp_path):
    block = TensorFlowFlavor().save(Writes(tmp_path / "target"), tmp_path, {})
    saved = graphs.read(tmp_path / block["saved_model_dir"])
    for function in saved.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            node.op = "OfNobody" if node.op == "WriteFile" else node.op
    assert graphs.reaching_operations(saved) == ["OfNobody"]


def test_a_model_in_the_manner_of_tensorflow_1_is_looked_into_as_a_whole(tmp_path):
    block = TensorFlowFlavor().save(Writes(tmp_path / "target"), tmp_path, {})
    saved = graphs.read(tmp_path / block["saved_model_dir"])
    saved.meta_graphs[0].ClearField("object_graph_def")
    assert {"WriteFile", "SaveV2", "RestoreV2"} <= set(graphs.reaching_operations(saved))


def layers():
    """Layers of every family: each makes a model that needs no more than computing."""
    make = keras.layers
    image, series = (8, 8, 3), (5, 3)
    return {
        "dense": ((3,), [make.Dense(2), make.BatchNormalization(), make.Dropout(0.5)]),
        "convolution": (image, [make.Conv2D(2, 3), make.MaxPooling2D(), make.Flatten()]),
        "augmentation": (image, [make.RandomFlip(), make.RandomRotation(0.1), make.RandomZoom(0.1)]),
        "lstm": (series, [make.LSTM(2, return_sequences=True), make.GRU(2)]),
        "bidirectional": (series, [make.Bidirectional(make.LSTM(2))]),
        "attention": (series, [make.LayerNormalization(), make.Conv1D(2, 2), make.GlobalAveragePooling1D()]),
        "embedding": ((4,), [make.Embedding(10, 3), make.GlobalMaxPooling1D()]),
        "noise": ((3,), [make.GaussianNoise(0.1), make.GaussianDropout(0.1)]),
    }


@pytest.mark.parametrize("family", layers())
def test_models_that_only_compute_open_where_pickles_are_denied(tmp_path, family):
    shape, stack = layers()[family]
    model = keras.Sequential([keras.Input(shape), *stack])
    block = TensorFlowFlavor().save(model, tmp_path, {})
    loaded = TensorFlowFlavor().load(tmp_path, block, gate(tmp_path, "deny"))
    rows = numpy.ones((2, *shape), "float32")
    assert len(TensorFlowFlavor().predict(loaded, rows, {})["output_0"]) == 2


def test_every_operation_with_a_file_an_address_or_a_token_is_known_to_reach():
    """A new TensorFlow may bring more of them; then this list grows."""
    known = op_def_pb2.OpList()
    known.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    words = {"filename", "filenames", "file_pattern", "path", "address", "debug_urls", "descriptor_source", "token"}
    named = {
        each.name
        for each in known.op
        for part in (*each.input_arg, *each.attr)
        if part.name in words or part.name.endswith(("_file", "_dir", "_path"))
    }
    assert len(named) > 30
    assert [name for name in sorted(named) if not graphs._reaches(name)] == []
