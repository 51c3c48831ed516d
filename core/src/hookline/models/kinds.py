"""What a value is, told without importing the library that it comes from."""

from functools import lru_cache
from typing import Any

from hookline.models.schema import Scalar

_BY_DTYPE = {
    Scalar.BOOLEAN: ("bool", "boolean"),
    Scalar.INTEGER: ("int8", "int16", "int32", "uint8", "uint16"),
    Scalar.LONG: ("int64", "uint32"),
    Scalar.FLOAT: ("float16", "float32", "float", "halffloat"),
    Scalar.DOUBLE: ("float64", "double"),
    Scalar.STRING: ("string", "str", "large_string", "utf8", "categorical", "enum"),
    Scalar.BINARY: ("binary", "large_binary", "bytes"),
    Scalar.DATETIME: ("datetime64", "datetime", "date", "timestamp", "date32", "date64"),
}
_SCALARS = {name: scalar for scalar, names in _BY_DTYPE.items() for name in names}
_LETTERS = {"U": "str", "T": "str", "S": "bytes", "M": "datetime64"}
DTYPES = {
    Scalar.BOOLEAN: "bool",
    Scalar.INTEGER: "int32",
    Scalar.LONG: "int64",
    Scalar.FLOAT: "float32",
    Scalar.DOUBLE: "float64",
}
"""numpy's name of the dtype that holds a type, for types that have one of their own."""
POLARS = {"bool": "Boolean", "int32": "Int32", "int64": "Int64", "float32": "Float32", "float64": "Float64"}
"""polars' names of the same."""


def is_a(value: Any, library: str, name: str) -> bool:
    """Return whether a value's class, or one that it derives from, is `name` of a library."""
    kind: Any = type(value)
    return _derives(kind, library, name)


@lru_cache(maxsize=1024)  # the same few classes come with every request to a model, and are asked for all libraries
def _derives(kind: type, library: str, name: str) -> bool:
    return any(base.__name__ == name and base.__module__.partition(".")[0] == library for base in kind.__mro__)


def is_frame(value: Any) -> bool:
    """Return whether a value is a pandas or polars DataFrame."""
    return is_a(value, "pandas", "DataFrame") or is_a(value, "polars", "DataFrame")


def is_series(value: Any) -> bool:
    """Return whether a value is a pandas or polars Series."""
    return is_a(value, "pandas", "Series") or is_a(value, "polars", "Series")


def is_array(value: Any) -> bool:
    """Return whether a value is a numpy array."""
    return is_a(value, "numpy", "ndarray")


def is_numpy_scalar(value: Any) -> bool:
    """Return whether a value is a single number, text or time of numpy."""
    return is_a(value, "numpy", "generic")


def is_sparse(value: Any) -> bool:
    """Return whether a value is a sparse matrix or array of scipy."""
    return type(value).__module__.startswith("scipy.sparse") and hasattr(value, "tocsr")


def is_tensor(value: Any) -> bool:
    """Return whether a value looks like an array of some library: it has a dtype and a shape, and is no Series."""
    return hasattr(value, "dtype") and hasattr(value, "shape") and not is_series(value) and not is_numpy_scalar(value)


@lru_cache(maxsize=1024)  # the same few come with every column
def dtype_name(dtype: Any) -> str:
    """Return the name of a dtype of numpy, pandas, polars, pyarrow or torch in numpy's words, without its unit."""
    letter = _LETTERS.get(getattr(dtype, "kind", None) or "")
    if letter and type(dtype).__module__.startswith("numpy"):
        return letter
    name = str(getattr(dtype, "name", None) or dtype).removeprefix("torch.").lower()
    return name.partition("[")[0].partition("(")[0]


def scalar_of(dtype: Any) -> Scalar | None:
    """Return the type that a dtype holds; None for objects, nested types, and numbers that no type holds (uint64)."""
    return _SCALARS.get(dtype_name(dtype))


def tensor_dtype(dtype: Any) -> str:
    """Return the name of an array's dtype as tensors in signatures have it: `float64`, `str`, `datetime64[ns]`."""
    name = dtype_name(dtype)
    return str(dtype) if name == "datetime64" else name


def column_names(frame: Any) -> list[Any]:
    """Return the names of a DataFrame's columns."""
    return list(frame.columns)


def has_missing(series: Any) -> bool:
    """Return whether a Series holds a missing value."""
    if hasattr(series, "hasnans"):
        return bool(series.hasnans)
    return bool(series.null_count())
