"""The flavor `keras`: Keras's native format, with the `MLmodel` block of MLflow 3."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

import hookline_lib_keras
from hookline.errors import InvalidValue, NotSupported
from hookline.interfaces import Flavor, Unpickler
from hookline.models.native import model_file
from hookline.models.signature import Signature

DATA = "data"
FILE = "model.keras"


class KerasFlavor(Flavor):
    """Saves, loads and asks Keras models, on whatever runs Keras."""

    name = "keras"
    loader_module = "mlflow.keras"
    loader_takes_folder = True

    def save(self, model: Any, folder: Path, options: Mapping[str, Any]) -> dict[str, Any]:
        """Write the model as `data/model.keras`. Raises `InvalidValue` for one that has no weights yet."""
        for option in options:
            raise InvalidValue(f"The flavor 'keras' has no option {option!r}; it has none at all.")
        if not model.built:
            raise InvalidValue(
                f"The model {model.name!r} has no weights yet: fit it, or call it on data, and save it then."
            )
        (folder / DATA).mkdir()
        model.save(folder / DATA / FILE)
        return {
            "data": DATA,
            "keras_version": keras.__version__,
            "keras_backend": keras.backend.backend(),
            "save_exported_model": False,
        }

    def load(self, folder: Path, block: Mapping[str, Any], pickles: Unpickler) -> Any:
        """Return the model, compiled as it was saved; code inside of it runs only where the gate allows that."""
        if block.get("save_exported_model"):
            raise NotSupported(
                "The model was exported for serving (save_exported_model), and is no Keras model any more. Save the "
                "Keras model itself, or its export with the flavor 'tensorflow'."
            )
        return hookline_lib_keras.load(model_file(folder, block) / FILE, pickles)

    def predict(self, model: Any, data: Any, params: Mapping[str, Any]) -> Any:
        """Call `predict`, with the params as its arguments; several outputs come by name."""
        return hookline_lib_keras.predict(model, data, params)

    def signature(self, model: Any, folder: Path, block: Mapping[str, Any]) -> Signature | None:
        """Return what the model says it takes and returns."""
        return hookline_lib_keras.signature(model)

    def requirements(self, model: Any) -> list[str]:
        """Pin Keras and what runs it."""
        return hookline_lib_keras.requirements()
