"""The input example of a model: written as `input_example.json`, and ready to be sent as `serving_input_example.json`.

Tables are written split-oriented (`{"columns": [...], "data": [[...], ...]}`, without their index), arrays as nested
lists, sparse matrices as their parts, everything else as the JSON that it is. With params the file holds
`{"inputs": ..., "params": {...}}`. Times are ISO 8601 text, bytes base64, missing values null.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from attrs import field, frozen

from hookline.errors import InvalidValue, SignatureError, kind_of
from hookline.models import kinds
from hookline.models.enforcement import fit
from hookline.models.inference import is_missing
from hookline.models.schema import Column, Schema
from hookline.models.series import values_of
from hookline.providers import resolve

FILE_NAME = "input_example.json"
SERVING_FILE_NAME = "serving_input_example.json"
_FORM = "json_form"


@frozen
class Example:
    """An input example: data as `predict` takes it, and params."""

    data: Any
    params: Mapping[str, Any] = field(factory=dict)

    @classmethod
    def of(cls, given: Any) -> "Example":
        """Return what a user gave: data, an `Example`, or a pair of data and params."""
        if isinstance(given, Example):
            return given
        if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], Mapping) and given[1]:
            return cls(given[0], given[1])
        return cls(given)


def save_example(example: Example, folder: Path) -> dict[str, Any]:
    """Write an example into a model's folder and return `saved_input_example_info` of `MLmodel`.

    Raises:
        InvalidValue: the example holds something that JSON cannot.
    """
    info, content, serving = _described(example.data)
    if example.params:
        params = _plain(example.params)
        content, serving = {"inputs": content, "params": params}, {**serving, "params": params}
        info["params"] = "true"
    try:
        texts = [json.dumps(value, ensure_ascii=False, allow_nan=False) for value in (content, serving)]
    except ValueError as error:
        raise InvalidValue("An input example cannot hold infinite numbers, which JSON lacks.") from error
    for name, text in zip((FILE_NAME, SERVING_FILE_NAME), texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    return {"artifact_path": FILE_NAME, **info, "serving_input_path": SERVING_FILE_NAME}


def read_example(folder: Path, info: Mapping[str, Any] | None, schema: Schema | None = None) -> Example | None:
    """Return the example that a model's folder holds, None where it holds none.

    Args:
        schema: what the model takes, which says more of numbers, times and bytes than JSON does.

    Raises:
        InvalidValue: the file is not there, or not as `MLmodel` describes it.
    """
    if not info:
        return None
    path = folder / FILE_NAME  # never a path that the document names
    try:
        content = json.loads(path.read_bytes())
        params = {}
        if str(info.get("params", "")).lower() == "true":
            content, params = content["inputs"], content["params"]
        return Example(_fitted(_restored(content, info, schema), schema), params)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidValue(f"The input example {path} cannot be read: {error}.") from error
    except ImportError as error:
        raise InvalidValue(f"The input example {path} needs {error.name}: pip install {error.name}") from error


def like_example(data: Any, info: Mapping[str, Any] | None) -> Any:
    """Return a table in the form that the model's example had, where that was plain JSON.

    What calls a model over a wire, and `mlflow.pyfunc`, make tables of everything; a function that was written for a
    list of records shall get one. Other data stays as it is.
    """
    form = (info or {}).get(_FORM)
    if form is None or not kinds.is_frame(data):
        return data
    rows = data.to_dict(orient="records") if kinds.is_a(data, "pandas", "DataFrame") else data.to_dicts()
    if form == "records":
        return rows
    if form == "object":
        return rows[0] if len(rows) == 1 else data
    if len(data.columns) != 1:
        return data
    values = values_of(data[data.columns[0]])
    return values if form == "list" else values[0] if len(values) == 1 else data


def _described(data: Any) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    """Return (what `MLmodel` says, the file's content, the body to send) of an example."""
    if kinds.is_series(data):
        data = data.to_frame()
    if kinds.is_frame(data):
        split = _split(data)
        info = {"type": "dataframe", "pandas_orient": "split"}
        if kinds.is_a(data, "polars", "DataFrame"):
            info["library"] = "polars"
        return info, split, {"dataframe_split": split}
    if kinds.is_sparse(data):
        compressed = data if data.format in ("csr", "csc") else data.tocsr()
        parts = {each: getattr(compressed, each).tolist() for each in ("data", "indices", "indptr")}
        parts["shape"] = [int(size) for size in compressed.shape]
        return {"type": f"sparse_matrix_{compressed.format}"}, parts, {"inputs": compressed.toarray().tolist()}
    plain = _plain(data)
    arrays = list(data.values()) if isinstance(data, Mapping) and data else [data]
    if all(kinds.is_tensor(each) for each in arrays):
        return {"type": "ndarray"}, plain, {"inputs": plain}
    return {"type": "json_object", _FORM: _form(plain)}, plain, {"inputs": plain}


def _form(plain: Any) -> str:
    if isinstance(plain, list):
        return "records" if plain and all(isinstance(each, dict) for each in plain) else "list"
    return "object" if isinstance(plain, dict) else "value"


def _split(frame: Any) -> dict[str, Any]:
    names = [name if isinstance(name, str | int) else str(name) for name in frame.columns]
    columns = [[_plain(value) for value in values_of(frame[name])] for name in frame.columns]
    return {"columns": names, "data": [list(row) for row in zip(*columns, strict=True)]}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if kinds.is_numpy_scalar(value) or kinds.is_tensor(value) or kinds.is_series(value):
        if kinds.is_numpy_scalar(value) and value.dtype.kind == "M":
            return None if is_missing(value) else str(value)
        return _plain(values_of(value) if len(value.shape) else value.item())
    if is_missing(value):
        return None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, str | int | float):
        return value
    raise InvalidValue(
        f"An input example holds tables, arrays, lists, mappings, numbers, texts and times, not {kind_of(value)}."
    )


def _fitted(data: Any, schema: Schema | None) -> Any:
    try:
        return data if schema is None else fit(schema, data)
    except SignatureError:  # an example of someone else's, which need not fit
        return data


def _restored(content: Any, info: Mapping[str, Any], schema: Schema | None) -> Any:
    kind = info.get("type")
    if kind == "dataframe":
        return _frame(content, info.get("library") == "polars", schema.columns if schema else ())
    if kind == "ndarray":
        if schema is not None and schema.tensors:
            return content  # numbers of JSON have no width, those of an array have
        array = resolve("numpy:array")
        return {key: array(each) for key, each in content.items()} if isinstance(content, dict) else array(content)
    if kind in ("sparse_matrix_csr", "sparse_matrix_csc"):
        matrix = resolve(f"scipy.sparse:{kind.removeprefix('sparse_matrix_')}_matrix")
        return matrix((content["data"], content["indices"], content["indptr"]), shape=tuple(content["shape"]))
    return content


def _frame(content: Any, is_polars: bool, columns: Sequence[Column]) -> Any:
    """Return a table with the widths of numbers that its columns have."""
    rows, names = content["data"], content["columns"]
    if is_polars:
        frame = resolve("polars:DataFrame")(rows, schema=[str(name) for name in names], orient="row")
    else:
        frame = resolve("pandas:DataFrame")(rows, columns=names)
    wanted = {each.name: kinds.DTYPES[each.type] for each in columns if each.type in kinds.DTYPES}
    dtypes = {name: wanted[name] for name in names if name in wanted and not kinds.has_missing(frame[name])}
    if is_polars:
        return frame.cast({name: resolve(f"polars:{kinds.POLARS[dtype]}") for name, dtype in dtypes.items()})
    return frame.astype(dtypes)
