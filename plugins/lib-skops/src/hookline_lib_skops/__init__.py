"""Estimators as skops files, which hold data and names of classes, and the gate that is asked for those names."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import skops.io

from hookline.errors import InvalidValue
from hookline.interfaces import Unpickler

_UNREADABLE = (
    *(BadZipFile, zlib.error, EOFError),
    *(AttributeError, ImportError, LookupError, RuntimeError, TypeError, ValueError),
)
"""What skops raises for a damaged file, and for one that it cannot make sense of."""


def save(model: Any, path: Path) -> list[str]:
    """Write a skops file, read it back, since not all that can be written can be read, and return its own types.

    Raises:
        InvalidValue: the format cannot hold the model.
    """
    advice = "Save it with serialization_format='cloudpickle', which holds the code as well."
    try:
        skops.io.dump(model, path)
        types: list[str] = skops.io.get_untrusted_types(file=path)
        skops.io.load(path, trusted=types)
    except _UNREADABLE as error:
        raise InvalidValue(f"The format skops cannot hold this {type(model).__name__}: {error} {advice}") from error
    lost = [each for each in types if each.startswith("__main__.")]
    if lost:
        raise InvalidValue(f"{lost[0]} is defined in the program itself; a skops file names it only. {advice}")
    return types


def load(path: Path, pickles: Unpickler, own: Sequence[str]) -> Any:
    """Return what a skops file holds. What its `MLmodel` calls trusted is not believed: a stranger may have written it.

    Args:
        own: libraries whose types may pass where a record of the workspace vouches for the file.

    Raises:
        PickleRefused: the gate says no. InvalidValue: the file is damaged.
    """
    try:
        types = skops.io.get_untrusted_types(file=path)
        known = [each for each in types if each.partition(".")[0] in own or each == "collections.OrderedDict"]
        foreign = sorted(set(types) - set(known))
        if known:
            pickles.permit(path, known, own=True)
        if foreign:
            pickles.permit(path, foreign)
        return skops.io.load(path, trusted=types)
    except _UNREADABLE as error:
        raise InvalidValue(f"{path.name} cannot be read as a skops file: {error}") from error
