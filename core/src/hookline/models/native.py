"""What flavors of native files share: finding the file, reading it with a clear error, and calling what predicts."""

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hookline.discovery import describe
from hookline.errors import HooklineError, InvalidValue, NotFound
from hookline.paths import inside
from hookline.providers import resolve


def model_file(folder: Path, block: Mapping[str, Any], key: str = "data") -> Path:
    """Return the file or folder that a flavor's block of `MLmodel` names.

    Raises:
        InvalidValue: the block names none, or one outside of the model's folder. NotFound: it is not there.
    """
    name = block.get(key)
    if not isinstance(name, str) or not name:
        raise InvalidValue(f"MLmodel must name the model's file by {key!r}; it says {name!r}.")
    path = inside(folder, name)
    if not path.exists():
        raise NotFound(f"The model's folder has no {name!r}, which its MLmodel names.")
    return path


@contextlib.contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a library raises for a file that it cannot read into `InvalidValue`, which names file and kind."""
    try:
        yield
    except (HooklineError, ImportError):
        raise
    except Exception as error:
        raise InvalidValue(
            f"{path.name} cannot be read as {kind}; it is damaged, or something else: {describe(error)}"
        ) from error


def call_with(function: Callable[..., Any], data: Any, params: Mapping[str, Any], name: str = "predict") -> Any:
    """Return what a function says of data, with params as its keyword arguments.

    Raises:
        InvalidValue: the function takes no such params.
    """
    try:
        inspect.signature(function).bind(data, **params)
    except TypeError as error:
        raise InvalidValue(f"The params do not fit {name}: {error}.") from error
    return function(data, **params)


def as_table(data: Any) -> Any:
    """Return columns or records as a pandas DataFrame, other lists as an array; everything else as it is."""
    if isinstance(data, Mapping) or (isinstance(data, list) and data and isinstance(data[0], Mapping)):
        return resolve("pandas:DataFrame")(data)
    return resolve("numpy:asarray")(data) if isinstance(data, list | tuple) else data
