"""Keras models in Keras's own formats: read in safe mode unless the core's gate lets their code run, and asked."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy
from keras.src.saving.serialization_lib import SafeModeScope

from hookline.discovery import describe
from hookline.errors import HooklineError, InvalidState, InvalidValue
from hookline.interfaces import Unpickler
from hookline.models import kinds
from hookline.models.native import as_table, call_with, named_arrays, reading, tensor_schema, the_installed_of
from hookline.models.signature import Signature

_FRAME = re.compile(r"^ *File .*$", re.MULTILINE)
"""A line of the program, of which TensorFlow's errors list dozens before they say what is wrong."""
_BOLD = re.compile("\x1b\\[[0-9;]*m")
"""What makes Keras's errors bold in a terminal."""
_BACKENDS = {"tensorflow": ("tensorflow", "tensorflow-cpu"), "torch": ("torch",), "jax": ("jax",)}


def load(path: Path, pickles: Unpickler, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the model in a file `.keras` or `.h5`, in safe mode first, whatever this process has set for Keras.

    Args:
        custom_objects: classes and functions by the names that the file has for them.

    Raises:
        PickleRefused: the file holds Python code, and the gate says no. InvalidValue: it is damaged.
        InvalidState: it names a class or function that is not registered in this process.
    """
    with reading(path, "a model of Keras"):
        try:
            return _loaded(path, custom_objects, safe=True)
        except ValueError as error:
            if "safe_mode=False" not in str(error):  # Keras has no class of its own for this
                raise
        except TypeError as error:
            if "Could not locate" not in str(error):
                raise
            named = describe(error).partition(". Make sure")[0]
            raise InvalidState(
                f"{path.name} needs code of yours: {named}. Import the module that registers it with "
                "@keras.saving.register_keras_serializable() before you load the model."
            ) from error
        pickles.permit(path, ["Python code inside of its layers"])
        return _loaded(path, custom_objects, safe=False)


def _loaded(path: Path, custom_objects: Mapping[str, Any] | None, *, safe: bool) -> Any:
    with SafeModeScope(safe):
        return keras.saving.load_model(path, custom_objects=dict(custom_objects or {}), safe_mode=safe)


def predict(model: Any, data: Any, params: Mapping[str, Any]) -> Any:
    """Return what `model.predict` says, params as its arguments; several outputs by name.

    Raises:
        InvalidValue: the data does not fit the model, or it takes no such params.
    """
    try:
        fed = keras.tree.map_structure(_with_texts, _fed(model, data))
        found = call_with(model.predict, fed, {"verbose": 0, **params}, "keras.Model.predict")
    except HooklineError:
        raise
    except Exception as error:  # what runs Keras has errors of its own
        what = " ".join(_BOLD.sub("", _FRAME.split(str(error))[-1]).split())
        raise InvalidValue(f"The Keras model cannot be asked with this data: {type(error).__name__}: {what}") from error
    return dict(zip(model.output_names, found, strict=True)) if isinstance(found, list | tuple) else found


def signature(model: Any) -> Signature | None:
    """Return what a model says it takes and returns: arrays, by name where there are several.

    None where a model does not say: one that was never built, or a class of one's own.
    """
    inputs = list(getattr(model, "inputs", None) or ())
    if not inputs:
        return None
    outputs = getattr(model, "output", None)
    if isinstance(outputs, Mapping):
        named = list(outputs.items())
    else:
        several = model.outputs[1:]
        named = list(zip(model.output_names if several else [None], model.outputs, strict=True))
    return Signature(
        tensor_schema(
            (each.name if inputs[1:] or _takes_mapping(model) else None, each.dtype, each.shape) for each in inputs
        ),
        tensor_schema((name, each.dtype, each.shape) for name, each in named),
    )


def requirements() -> list[str]:
    """Return the distributions of Keras and of what runs it here."""
    backend = keras.backend.backend()
    return ["keras", the_installed_of(*_BACKENDS.get(backend, (backend,)))]


def _takes_mapping(model: Any) -> bool:
    return isinstance(getattr(model, "input", None), Mapping)


def _fed(model: Any, data: Any) -> Any:
    """Return data as the model takes it; what is neither a table nor plain, such as a dataset, as it came."""
    names = [each.name for each in getattr(model, "inputs", None) or ()]
    if not isinstance(data, Mapping | list | tuple) and not kinds.is_frame(data) and not kinds.is_series(data):
        return data
    if not names:
        return data if isinstance(data, Mapping) else numpy.asarray(as_table(data))
    arrays = named_arrays(names, data)
    return arrays if len(names) > 1 or _takes_mapping(model) else arrays[names[0]]


def _with_texts(array: Any) -> Any:
    """Return an array of texts as a tensor, since Keras takes none of numpy's; everything else as it is."""
    is_text = kinds.is_array(array) and array.dtype.kind in "USO"
    return keras.ops.convert_to_tensor(array, dtype="string") if is_text else array
