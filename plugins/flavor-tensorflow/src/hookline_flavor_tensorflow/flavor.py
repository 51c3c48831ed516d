"""The flavor `tensorflow`: a SavedModel and which of its signatures is asked, with the `MLmodel` block of MLflow."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow
from attrs import frozen

import hookline_lib_keras
from hookline.documents import structure_strictly
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import Flavor, Unpickler
from hookline.models.native import model_file, reading, tensor_schema, the_installed_of
from hookline.models.signature import Signature
from hookline_flavor_tensorflow import graphs
from hookline_flavor_tensorflow.keras_models import load_keras
from hookline_flavor_tensorflow.models import LoadedSavedModel, ask

FOLDER = "tfmodel"
BY_SIGNATURE = "tf1-estimator"
"""MLflow's word for a SavedModel that is asked by `signature_def_key`, whatever it was made by."""


@frozen
class SaveOptions:
    """What of a SavedModel is used.

    Attributes:
        signature_def_key: the signature that is asked.
        meta_graph_tags: the tags of its graph.
        signatures: functions by key for `tensorflow.saved_model.save`; needed for a module without a function that has
            an `input_signature`.
    """

    signature_def_key: str = "serving_default"
    meta_graph_tags: tuple[str, ...] = ("serve",)
    signatures: Any = None


class TensorFlowFlavor(Flavor):
    """Saves modules, Keras models and folders as SavedModels, loads them and asks a signature."""

    name = "tensorflow"
    loader_module = "mlflow.tensorflow"
    loader_takes_folder = True

    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        """Write a SavedModel, or copy one whose folder is given. Raises `InvalidValue` where it lacks the signature."""
        chosen = structure_strictly(dict(options), SaveOptions, prefix="tensorflow.")
        _write(model, folder / FOLDER, chosen.signatures)
        graph = graphs.tagged(graphs.read(folder / FOLDER), chosen.meta_graph_tags)
        keys = graphs.signature_keys(graph)
        if chosen.signature_def_key not in keys:
            raise InvalidValue(
                f"The SavedModel has no signature {chosen.signature_def_key!r}; it has: {', '.join(keys) or 'none'}. "
                "Choose one with signature_def_key=..., or give a module's functions an input_signature."
            )
        return {
            "data": FOLDER,
            "saved_model_dir": FOLDER,
            "model_type": BY_SIGNATURE,
            "meta_graph_tags": list(chosen.meta_graph_tags),
            "signature_def_key": chosen.signature_def_key,
            "code": None,
        }

    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        """Return a SavedModel, or the Keras model that MLflow saved. What does more than compute passes the gate."""
        if block.get("model_type") == "keras":
            return load_keras(model_file(folder, block), pickles)
        path = model_file(folder, block, "saved_model_dir")
        saved = graphs.read(path)
        tags = block.get("meta_graph_tags") or saved.meta_graphs[0].meta_info_def.tags
        keys = graphs.signature_keys(graphs.tagged(saved, tags))
        key = block.get("signature_def_key")
        if key is not None and key not in keys:
            raise InvalidValue(f"The SavedModel has no signature {key!r}; it has: {', '.join(keys) or 'none'}.")
        reaching = graphs.reaching_operations(saved)
        if reaching:
            pickles.permit(path, [f"tensorflow.raw_ops.{each}" for each in reaching], own=True)
        with reading(path, "a SavedModel"):
            return LoadedSavedModel(tensorflow.saved_model.load(str(path), tags=list(tags)), key)

    def predict(self, model: Any, data: Any, params: Mapping[str, Any]) -> Any:
        """Return the signature's outputs by name; a Keras model answers as its `predict` does."""
        if isinstance(model, keras.Model):
            return hookline_lib_keras.predict(model, data, params)
        if params:
            raise InvalidValue(f"A SavedModel takes no params; it got: {', '.join(params)}.")
        if isinstance(model, LoadedSavedModel):
            return ask(model, data)
        with tempfile.TemporaryDirectory(prefix="hookline-tensorflow-") as place:
            block = self.save(model, Path(place), {})
            module = tensorflow.saved_model.load(str(Path(place) / FOLDER))
            return ask(LoadedSavedModel(module, block["signature_def_key"]), data)

    def signature(self, model: Any, folder: Path, block: Mapping[str, Any]) -> Signature | None:
        """Return what the SavedModel's own signature says."""
        graph = graphs.tagged(graphs.read(folder / FOLDER), block["meta_graph_tags"])
        chosen = graph.signature_def[block["signature_def_key"]]
        return Signature(
            *(
                tensor_schema(_described(name, part[name]) for name in sorted(part))
                for part in (chosen.inputs, chosen.outputs)
            )
        )

    def requirements(self, model: Any) -> list[str]:
        """Pin the distribution that is here, of the two that bring TensorFlow."""
        return [the_installed_of("tensorflow", "tensorflow-cpu")]


def _write(model: Any, place: Path, signatures: Any) -> None:
    if isinstance(model, str | Path):
        if not Path(model).is_dir():
            raise NotFound(f"There is no folder {str(model)!r} with a SavedModel to save.")
        shutil.copytree(model, place)
    elif isinstance(model, keras.Model):
        model.export(str(place), format="tf_saved_model", verbose=False)
    elif isinstance(model, LoadedSavedModel):
        tensorflow.saved_model.save(model.module, str(place), signatures=signatures or dict(model.module.signatures))
    else:
        tensorflow.saved_model.save(model, str(place), signatures=signatures)


def _described(name: str, tensor: Any) -> tuple[str, str, list[int | None] | None]:
    """Return a tensor's name, dtype and shape; no shape for one of unknown rank, or that is no plain tensor."""
    if tensor.WhichOneof("encoding") != "name" or tensor.tensor_shape.unknown_rank:
        return name, "", None
    sizes = [None if each.size < 0 else each.size for each in tensor.tensor_shape.dim]
    return name, tensorflow.dtypes.as_dtype(tensor.dtype).name, sizes
