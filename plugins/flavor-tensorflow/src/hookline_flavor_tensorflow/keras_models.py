"""Keras models that MLflow's flavor `tensorflow` saved: Keras's file, and classes of the user's own as pickles."""

from pathlib import Path
from typing import Any

import hookline_lib_keras
from hookline.errors import NotFound
from hookline.interfaces import Unpickler

FILES = ("model.keras", "model.h5")
CUSTOM_OBJECTS = ("global_custom_objects.cloudpickle", "custom_objects.cloudpickle")


def load_keras(folder: Path, pickles: Unpickler) -> Any:
    """Return the Keras model in a folder; classes of the user's own pass the gate. Raises `NotFound`."""
    path = next((folder / name for name in FILES if (folder / name).is_file()), None)
    if path is None:
        raise NotFound(f"{folder.name} of the model has none of {', '.join(FILES)}; Keras 3 reads no older formats.")
    custom: dict[str, Any] = {}
    for name in CUSTOM_OBJECTS:
        if (folder / name).is_file():
            custom |= pickles.load(folder / name)
    return hookline_lib_keras.load(path, pickles, custom)
