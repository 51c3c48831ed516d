"""What a SavedModel says of itself: its signatures, and the operations for which it passes the gate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow

from hookline.models.native import model_file
from hookline_flavor_tensorflow import graphs


def facts(folder: Path, block: Mapping[str, Any]) -> dict[str, Any]:
    """Return every signature that may be asked, and what the model's operations reach beyond it. Nothing is run.

    Raises:
        InvalidValue, NotFound: it is damaged, or not there.
    """
    if block.get("model_type") == "keras":  # a file of Keras's, which MLflow's flavor of this name keeps as well
        return {}
    saved = graphs.read(model_file(folder, block, "saved_model_dir"))
    graph = graphs.tagged(saved, block.get("meta_graph_tags") or saved.meta_graphs[0].meta_info_def.tags)
    return {
        "signatures": {key: _described(graph.signature_def[key]) for key in graphs.signature_keys(graph)},
        "operations that need trust": graphs.reaching_operations(saved),
    }


def _described(signature: Any) -> str:
    """Return a signature as one line: `x float32 (?, 2) -> y float32 (?)`."""
    parts = (
        ", ".join(f"{name} {_tensor(part[name])}" for name in sorted(part)) or "nothing"
        for part in (signature.inputs, signature.outputs)
    )
    return " -> ".join(parts)


def _tensor(tensor: Any) -> str:
    dtype = tensorflow.dtypes.as_dtype(tensor.dtype).name
    if tensor.tensor_shape.unknown_rank:
        return f"{dtype} of any shape"
    sizes = ", ".join("?" if each.size < 0 else str(each.size) for each in tensor.tensor_shape.dim)
    return f"{dtype} ({sizes})"
