"""The flavor `onnx`: a graph as one file, with the `MLmodel` block of MLflow 3; ONNX Runtime predicts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import onnx
import onnxruntime
from attrs import define, field, frozen

from hookline.documents import structure_strictly
from hookline.errors import InvalidValue
from hookline.interfaces import Flavor, Unpickler
from hookline.models.native import model_file, named_arrays, reading, tensor_schema
from hookline.models.signature import Signature

FILE = "model.onnx"
CPU = "CPUExecutionProvider"


@frozen
class SaveOptions:
    """How a saved model is run.

    Attributes:
        providers: ONNX Runtime's execution providers, the preferred one first; those that are not here are passed over.
    """

    providers: tuple[str, ...] = ("CUDAExecutionProvider", CPU)


@define(eq=False)
class LoadedGraph:
    """A graph that was loaded, with the session that runs it.

    Attributes:
        model: the graph, as `onnx.load` gives it.
    """

    model: onnx.ModelProto
    session: onnxruntime.InferenceSession = field(repr=False)


class OnnxFlavor(Flavor):
    """Saves, loads and asks an `onnx.ModelProto`."""

    name = "onnx"
    loader_module = "mlflow.onnx"

    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        """Write the graph, weights included, as one file of at most 2 GB. Raises `InvalidValue` for a broken graph."""
        chosen = structure_strictly(dict(options), SaveOptions, prefix="onnx.")
        graph = _graph_of(model)
        onnx.checker.check_model(graph)
        onnx.save_model(graph, folder / FILE)
        return {
            "data": FILE,
            "onnx_version": onnx.__version__,
            "providers": list(chosen.providers),
            "onnx_session_options": None,
            "code": None,
        }

    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        """Return the graph with a session; external data outside of the model's folder is refused."""
        path = model_file(folder, block)
        with reading(path, "an ONNX model"):
            onnx.checker.check_model(str(path))
            return LoadedGraph(onnx.load(path), _session(str(path), block.get("providers")))

    def predict(self, model: Any, data: Any, params: Mapping[str, Any]) -> Any:
        """Return the outputs by name; a graph of one input takes a table or an array, others a table or mapping."""
        if params:
            raise InvalidValue(f"An ONNX model takes no params; it got: {', '.join(params)}.")
        session = model.session if isinstance(model, LoadedGraph) else _session(model.SerializeToString(), None)
        names = [each.name for each in session.get_outputs()]
        try:
            return dict(zip(names, session.run(names, _feeds(session, data)), strict=True))
        except (onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument, RuntimeError) as error:
            raise InvalidValue(f"The ONNX model cannot be asked with this data: {error}") from error

    def signature(self, model: Any, folder: Path, block: Mapping[str, Any]) -> Signature | None:
        """Return what the graph says of its inputs and outputs; an input with a value of its own is none.

        One input alone has no name there: it is given as an array, as `mlflow.pyfunc` has it, too.
        """
        graph = _graph_of(model).graph
        given = {each.name for each in graph.initializer} | {each.values.name for each in graph.sparse_initializer}
        inputs = [each for each in graph.input if each.name not in given]
        described = ((each.name if inputs[1:] else None, *_described(each.type)) for each in inputs)
        outputs = ((each.name, *_described(each.type)) for each in graph.output)
        return Signature(tensor_schema(described), tensor_schema(outputs))

    def requirements(self, model: Any) -> list[str]:
        """Pin the format's library and the runtime."""
        return ["onnx", "onnxruntime"]


def _graph_of(model: Any) -> onnx.ModelProto:
    return model.model if isinstance(model, LoadedGraph) else model


def _described(kind: Any) -> tuple[str, list[int | None] | None]:
    """Return the dtype and shape of a value; no shape for one of unknown rank, or that is no tensor."""
    if kind.WhichOneof("value") != "tensor_type" or not kind.tensor_type.HasField("shape"):
        return "", None
    element = kind.tensor_type.elem_type
    numpy_lacks = {onnx.TensorProto.STRING: "string", onnx.TensorProto.UNDEFINED: ""}
    dtype = numpy_lacks.get(element)
    if dtype is None:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(element).name
    return dtype, [each.dim_value if each.HasField("dim_value") else None for each in kind.tensor_type.shape.dim]


def _session(graph: str | bytes, providers: Any) -> onnxruntime.InferenceSession:
    wanted = [providers] if isinstance(providers, str) else list(providers or ())
    named = [each if isinstance(each, str) else each[0] for each in wanted]
    available = set(onnxruntime.get_available_providers())
    return onnxruntime.InferenceSession(graph, providers=[each for each in named if each in available] or [CPU])


def _feeds(session: onnxruntime.InferenceSession, data: Any) -> dict[str, Any]:
    """Return an array for each input; 64-bit numbers, which JSON and pandas make, become the 32 bits that it takes."""
    inputs = {each.name: each.type for each in session.get_inputs()}
    arrays = named_arrays(list(inputs), data)
    return {
        name: each.astype(numpy.float32) if inputs[name] == "tensor(float)" and each.dtype == numpy.float64 else each
        for name, each in arrays.items()
    }
