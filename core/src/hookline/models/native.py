"""What flavors of native files share: finding the file, reading it with a clear error, calling what predicts, and the
arrays that a model says it takes.
"""

import contextlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hookline.discovery import describe
from hookline.errors import HooklineError, InvalidValue, NotFound
from hookline.models.schema import Schema, Tensor
from hookline.paths import inside
from hookline.providers import resolve

_DTYPES = {
    **{f"{kind}{bits}": f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)},
    **{each: each for each in ("bool", "float16", "float32", "float64", "complex64", "complex128")},
    "string": "object",  # numpy has texts of a fixed length only
}


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


def named_arrays(names: Sequence[str], data: Any) -> dict[str, Any]:
    """Return an array for each of a model's inputs: by name from a mapping or a table, or all data where there is one.

    Raises:
        InvalidValue: there are several inputs, and the data does not name them.
    """
    given = data if isinstance(data, Mapping) else as_table(data)
    if set(names) <= set(given if isinstance(given, Mapping) else getattr(given, "columns", ())):
        found = {name: given[name] for name in names}
    elif len(names) == 1:
        found = {names[0]: as_table(given)}
    else:
        raise InvalidValue(f"The model takes several inputs; give a mapping or columns: {', '.join(names)}.")
    array = resolve("numpy:asarray")
    return {name: array(each) for name, each in found.items()}


def tensor_schema(tensors: Iterable[tuple[str | None, str, Sequence[int | None] | None]]) -> Schema | None:
    """Return the schema of tensors, given a name, a dtype and a shape of each, where None is a size that is free.

    None where there is no tensor, or a signature cannot hold one: numpy lacks its dtype, or its shape is not known.
    """
    found = list(tensors)
    if not found or any(dtype not in _DTYPES or shape is None for _name, dtype, shape in found):
        return None
    return Schema(
        tensors=tuple(
            Tensor(_DTYPES[dtype], tuple(-1 if size is None else int(size) for size in shape or ()), name)
            for name, dtype, shape in found
        )
    )


def the_installed_of(*distributions: str) -> str:
    """Return which distribution is here, of several that bring the same module; the first where none is."""
    return next(filter(_is_installed, distributions), distributions[0])


def _is_installed(distribution: str) -> bool:
    try:
        return bool(version(distribution))
    except PackageNotFoundError:
        return False
