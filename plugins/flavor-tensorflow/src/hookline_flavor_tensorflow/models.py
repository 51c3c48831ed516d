"""A SavedModel that was loaded, and asking it."""

from typing import Any

import numpy
import tensorflow
from attrs import define

from hookline.discovery import describe
from hookline.errors import InvalidValue
from hookline.models.native import as_table, named_arrays


@define(eq=False)
class LoadedSavedModel:
    """A SavedModel that was loaded.

    Attributes:
        module: what `tensorflow.saved_model.load` gives.
        key: of the signature that is asked; None where the module itself is called.
    """

    module: Any
    key: str | None

    @property
    def function(self) -> Any:
        """What is asked: a function of tensors. Raises `InvalidValue` where there is none."""
        if self.key is not None:
            return self.module.signatures[self.key]
        if callable(self.module):
            return self.module
        raise InvalidValue("The SavedModel has no signature, and cannot be called; use the functions of its module.")


def ask(model: LoadedSavedModel, data: Any) -> Any:
    """Return what a model says of data: by name where a signature is asked. Raises `InvalidValue`."""
    function = model.function
    try:
        if model.key is None:
            found = function(tensorflow.convert_to_tensor(as_table(data)))
        else:
            specs = function.structured_input_signature[1]
            arrays = named_arrays(sorted(specs), data)
            found = function(**{name: _tensor(name, array, specs[name]) for name, array in arrays.items()})
    except (ValueError, TypeError, tensorflow.errors.OpError) as error:
        raise InvalidValue(f"The SavedModel cannot be asked with this data: {describe(error)}") from error
    return tensorflow.nest.map_structure(lambda each: _array(each) if hasattr(each, "numpy") else each, found)


def _tensor(name: str, array: Any, spec: Any) -> Any:
    """Return an array as a tensor of the dtype that is asked for; a column becomes a matrix where one is wanted."""
    if array.ndim == 1 and spec.shape.rank == 2:
        array = array[:, numpy.newaxis]
    if not spec.shape.is_compatible_with(array.shape):  # which TensorFlow itself does not always mind
        raise ValueError(f"{name} has the shape {spec.shape}, not {array.shape}")
    return tensorflow.convert_to_tensor(array, dtype=spec.dtype)


def _array(tensor: Any) -> Any:
    """Return a tensor as an array; bytes, which TensorFlow makes of texts, as texts where they are some."""
    array = tensor.numpy()
    if tensor.dtype != tensorflow.string:
        return array
    try:
        return numpy.vectorize(bytes.decode, otypes=[object])(array)
    except UnicodeDecodeError:
        return array
