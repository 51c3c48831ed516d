"""What a SavedModel holds, told without running any of it: graphs, and those operations that reach beyond the model.

A SavedModel is a program. Most operations only compute; some read and write files, talk to other machines or call
Python. Those run when the model is asked, and some when it is loaded, so that the core's gate is asked for them first.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tensorflow.python.framework import op_def_registry
from tensorflow.python.saved_model import loader_impl

from hookline.errors import InvalidValue
from hookline.models.native import reading

COMPUTING = re.compile(
    "|".join(
        (
            r"VarHandleOp|VarIsInitializedOp|VariableShape|(Read|Assign|AssignAdd|AssignSub)VariableOp|DestroyResourceOp",
            r"Resource(Apply|SparseApply|Scatter|Gather|StridedSlice)\w*",
            r"StatefulPartitionedCall|_?If|_?While|Case|Assert|CheckNumerics\w*|GuaranteeConst|Empty|DeviceIndex",
            r"Random\w+|Stateful(Uniform|StandardNormal|Truncated|Random)\w*|(Parameterized)?TruncatedNormal|Multinomial",
            r"RngSkip|RngReadAndSkip|NonDeterministicInts|StatelessRandomGetAlg|DummySeedGenerator",
            r"(Anonymous)?(Mutable|MutableDense)?HashTable\w*|LookupTable\w+|InitializeTable(V2)?",
            r"TensorArray\w*|CudnnRNN\w*|(Range|Tensor|TensorSlice|Reduce)Dataset",
        )
    )
)
"""Operations with a state that stay among the model's own variables, tables and random numbers."""

REACHING = {
    *("ReadFile", "MatchingFiles", "GenerateVocabRemapping", "InitializeTableFromTextFile"),
    *("DecodeProtoV2", "EncodeProto", "CacheDataset", "RegisterDataset", "RegisterDatasetV2"),
    *("SnapshotDataset", "SnapshotDatasetV2", "SnapshotDatasetReader", "SnapshotNestedDatasetReader"),
    *("SnapshotChunkDataset", "DebugIdentity", "DebugNanCount", "DebugNumericSummary", "PyFuncStateless"),
    *("XlaCustomCall", "XlaCustomCallV2"),
}
"""Operations without a state that open files or call others all the same."""


def read(path: Path) -> Any:
    """Return the graphs of a SavedModel, read as TensorFlow reads them. Raises `InvalidValue`."""
    with reading(path, "a SavedModel"):
        saved = loader_impl.parse_saved_model(str(path))
        if not saved.meta_graphs:
            raise ValueError("it holds no graph")
        return saved


def tagged(saved: Any, tags: Collection[str]) -> Any:
    """Return the graph that has exactly these tags. Raises `InvalidValue`, which names the tags that there are."""
    for graph in saved.meta_graphs:
        if set(graph.meta_info_def.tags) == set(tags):
            return graph
    present = "; ".join(", ".join(each.meta_info_def.tags) or "none" for each in saved.meta_graphs)
    raise InvalidValue(f"The SavedModel has no graph with the tags {', '.join(tags) or 'none'}; it has: {present}.")


def signature_keys(graph: Any) -> list[str]:
    """Return the keys of a graph's signatures."""
    return sorted(each for each in graph.signature_def if each != "__saved_model_init_op")


def reaching_operations(saved: Any) -> list[str]:
    """Return those operations that are not known to stay within the model, sorted."""
    return sorted({name for name in _operations(saved) if _reaches(name)})


def _reaches(name: str) -> bool:
    definition = op_def_registry.get(name)
    if definition is None:
        return True
    return COMPUTING.fullmatch(name) is None if definition.is_stateful else name in REACHING


def _operations(saved: Any) -> Iterator[str]:
    """Yield the operations of whatever TensorFlow may run when it loads and asks the model.

    Of a model of TensorFlow 2 it runs functions only, and none that nothing names: such are those of its saver.
    """
    for graph in saved.meta_graphs:
        functions = {each.signature.name: each for each in graph.graph_def.library.function}
        is_of_2 = len(saved.meta_graphs) == 1 and graph.HasField("object_graph_def")
        named = set(_named(graph)) if is_of_2 else set(functions)
        nodes = [node for name in functions.keys() & named for node in functions[name].node_def]
        for node in nodes if is_of_2 else [*nodes, *graph.graph_def.node]:
            if node.op not in functions or op_def_registry.get(node.op) is not None:
                yield node.op


def _named(graph: Any) -> Iterator[str]:
    """Yield every name of a function in a graph's objects and functions; whatever else is a name does no harm."""
    yield from graph.object_graph_def.concrete_functions
    for each in graph.object_graph_def.nodes:
        yield from each.function.concrete_functions
        yield each.bare_concrete_function.concrete_function_name
    library = graph.graph_def.library
    for gradient in (*library.gradient, *library.registered_gradients):
        yield gradient.gradient_func
    for function in library.function:
        if "api_implements" in function.attr:  # TensorFlow may put it in the place of another with the same mark
            yield function.signature.name
        for node in function.node_def:
            yield node.op
        for holder in (function, *function.node_def):
            for value in holder.attr.values():
                yield value.func.name
                yield from (each.name for each in value.list.func)
                yield from (text.decode(errors="replace") for text in (value.s, *value.list.s))
