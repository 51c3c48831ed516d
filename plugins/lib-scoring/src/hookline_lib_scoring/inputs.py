"""From the body of a request to what a model takes: MLflow's scoring protocol, read with the model's signature.

A JSON body is an object with exactly one of `dataframe_split` (`columns`, `index` and `data`), `dataframe_records` (a
list of objects), `instances` (a value for each row) and `inputs` (a value for each column), and `params` beside it.
A table becomes a DataFrame, everything else an array, a dict of arrays, or a list.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from attrs import frozen

from hookline.errors import NotSupported
from hookline.models.parsed import with_numbers
from hookline.models.schema import Scalar, Schema
from hookline.providers import resolve
from hookline_lib_scoring.bodies import BadRequest, Part, parse

FIELDS = ("dataframe_split", "dataframe_records", "instances", "inputs")
MOST_CELLS = 10_000_000
_ONE_FIELD = (
    f"The input must be a JSON dictionary with exactly one of the input fields {{{', '.join(map(repr, FIELDS))}}}"
)
_TEXTS = (Scalar.STRING, Scalar.BINARY, Scalar.DATETIME)
_EXACT: Any = {} if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}
"""Before 3.1, pandas reads some numbers with a wrong last digit unless it is told not to."""


@frozen
class Call:
    """What a request asks a model: the data and the params, as `LoadedModel.predict` takes them.

    Attributes:
        request: what the request's form needs to answer it.
    """

    data: Any
    params: Mapping[str, Any] | None = None
    request: Any = None


class InputReader:
    """Reads bodies for one model. Its methods raise `BadRequest` with a text for the client.

    Args:
        schema: what the model takes; None where that is not known.
    """

    def __init__(self, schema: Schema | None) -> None:
        self._schema = schema
        self._columns = schema.columns if schema else ()
        self._has_names = bool(self._columns) and schema is not None and schema.has_names
        self._dtypes = {each.name: each.dtype for each in schema.tensors} if schema else {}
        self._whole = next(iter(self._dtypes.values())) if len(self._dtypes) == 1 else ""
        self._only_doubles = bool(self._columns) and all(each.type is Scalar.DOUBLE for each in self._columns)

    # The formats -----------------------------------------------------------------------------------------------------

    def from_json(self, body: bytes) -> Call:
        """Read a JSON body."""
        fields = parse(body).fields()
        if fields is None:
            raise BadRequest(f"{_ONE_FIELD}, not {_kind(parse(body).value())}.")
        given = [name for name in FIELDS if name in fields]
        if len(given) != 1:
            raise BadRequest(f"{_ONE_FIELD}. Received dictionary with input fields: {given}.")
        params = fields["params"].value() if "params" in fields else None
        if not isinstance(params, dict | None):
            raise BadRequest(f"'params' must be a dictionary, not {_kind(params)}.")
        name, part = given[0], fields[given[0]]
        match name:
            case "dataframe_split":
                data = self._split(part, len(body))
            case "dataframe_records":
                data = self._records(part.value(), len(body))
            case _:
                data = self._values(name, part, len(body))
        return Call(data, params)

    def from_csv(self, body: bytes) -> Call:
        """Read CSV with a header; texts, times and bytes of the signature are kept as they are written."""
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadRequest(f"The body is not UTF-8: byte {error.start} is {body[error.start]:#04x}.") from error
        header = text.partition("\n")[0]
        _check_size(text.count("\n"), header.count(",") + 1, len(body))
        texts = {each.name: str for each in self._columns if each.type in _TEXTS}
        try:
            frame = pd.read_csv(io.StringIO(text), dtype=texts, **_EXACT)
        except (ValueError, OverflowError) as error:  # of pandas: ParserError and EmptyDataError are among them
            raise BadRequest(f"The body is not CSV with a header: {' '.join(str(error).split())}.") from error
        if not isinstance(frame.index, pd.RangeIndex):
            raise BadRequest("The rows of the CSV have more values than its header has names.")
        return Call(self._fitted(frame))

    def from_parquet(self, body: bytes) -> Call:
        """Read a Parquet file; its types are its own. Raises `NotSupported` without pyarrow."""
        try:
            read = resolve("hookline_lib_scoring.parquet:read")
        except ImportError as error:
            raise NotSupported("Parquet needs pyarrow: pip install 'hookline-deploy-local[parquet]'") from error
        return Call(read(body, lambda rows, width: _check_size(rows, width, 0)))

    # Tables ----------------------------------------------------------------------------------------------------------

    def _split(self, part: Part, size: int) -> Any:
        fields = part.fields()
        if fields is None:
            raise BadRequest(f"'dataframe_split' must be a dictionary, not {_kind(part.value())}.")
        if "data" not in fields or not fields.keys() <= {"columns", "index", "data"}:
            raise BadRequest(
                "'dataframe_split' must have 'data', and may have 'columns' and 'index', and nothing else. "
                f"It has: {', '.join(map(repr, fields)) or 'nothing'}."
            )
        names = _names(fields["columns"].value()) if "columns" in fields else None
        index = fields["index"].value() if "index" in fields else None
        numbers = fields["data"].numbers() if self._only_doubles else None
        data = _rows(fields["data"].value(), "dataframe_split.data") if numbers is None else numbers
        width = len(names) if names is not None else len(data[0]) if data else 0
        _check_widths(data, width, "dataframe_split.data")
        _check_size(len(data), width, size)
        if not isinstance(index, list | None) or (index is not None and len(index) != len(data)):
            raise BadRequest(f"'dataframe_split.index' must be a list with a value for each of the {len(data)} rows.")
        columns = names if names is not None else range(width)
        if numbers:
            return pd.DataFrame(np.array(numbers, dtype="float64"), index=index, columns=columns)
        return self._fitted(pd.DataFrame(data, index=index, columns=columns))

    def _records(self, records: Any, size: int, field: str = "dataframe_records") -> Any:
        if not isinstance(records, list):
            raise BadRequest(f"{field!r} must be a list of records, not {_kind(records)}.")
        for row, record in enumerate(records):
            if not isinstance(record, dict):
                raise BadRequest(f"{field!r}: row {row} must be a record such as {{'x': 1}}, not {_kind(record)}.")
        names = list(dict.fromkeys(name for record in records for name in record))
        if self._has_names:
            wanted = {each.name for each in self._columns}
            names = [name for name in names if name in wanted]
        _check_size(len(records), len(names), size)
        columns = {name: [record.get(name) for record in records] for name in names}
        return self._fitted(pd.DataFrame(columns, index=range(len(records))))

    def _fitted(self, frame: pd.DataFrame) -> Any:
        """Return a table that was read from text with the numbers, or as the arrays, that the model takes."""
        if self._whole and not any(str(name) in self._dtypes for name in frame.columns):
            return self._array(frame.to_numpy().tolist(), None, "data")
        if self._dtypes:
            return {name: self._array(frame[name].tolist(), str(name), "data") for name in frame.columns}
        return with_numbers(frame, self._schema)

    # Arrays ----------------------------------------------------------------------------------------------------------

    def _values(self, field: str, part: Part, size: int) -> Any:
        rows = part.numbers() if self._whole.startswith("float") else None
        if rows:
            return self._array(rows, None, field)
        value = part.value()
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return self._records_of(field, value, size)
        if isinstance(value, dict):
            return self._named(field, value)
        if self._columns and isinstance(value, list) and value and isinstance(value[0], list):
            _check_widths(_rows(value, field), len(value[0]), field)
            return self._fitted(pd.DataFrame(value))
        return self._array(value, None, field)

    def _records_of(self, field: str, records: list[Any], size: int) -> Any:
        if self._has_names:
            return self._records(records, size, field)
        if field == "inputs":
            return records
        for row, record in enumerate(records):
            if not isinstance(record, dict) or record.keys() != records[0].keys():
                raise BadRequest(f"{field!r}: row {row} must have the same names as row 0: {list(records[0])}.")
        return {name: self._array([record[name] for record in records], name, field) for name in records[0]}

    def _named(self, field: str, value: dict[str, Any]) -> Any:
        if not self._has_names:
            return {name: self._array(each, name, field) for name, each in value.items()}
        wanted = {each.name for each in self._columns}
        columns = {name: each if isinstance(each, list) else [each] for name, each in value.items() if name in wanted}
        lengths = {name: len(each) for name, each in columns.items()}
        if len(set(lengths.values())) > 1:
            raise BadRequest(f"The columns of {field!r} must have equally many values; they have {lengths}.")
        return self._fitted(pd.DataFrame(columns))

    def _array(self, value: Any, name: str | None, field: str) -> np.ndarray:
        dtype = self._dtypes.get(name, self._whole) or None
        place = field if name is None else f"{field}.{name}"
        try:
            array = np.array(value)
            if dtype is None or array.dtype == dtype or array.dtype.kind not in "biufOU" or dtype in ("str", "object"):
                return array
            return _as_dtype(array, value, np.dtype(dtype), place)
        except (ValueError, TypeError, OverflowError) as error:
            if isinstance(value, list) and value and isinstance(value[0], list):
                _check_widths(_rows(value, place), len(value[0]), place)
            raise BadRequest(f"{place!r} is no array{f' of {dtype}' if dtype else ''}: {error}.") from error


def _as_dtype(array: np.ndarray, value: Any, dtype: "np.dtype[Any]", place: str) -> np.ndarray:
    if dtype.kind == "b":
        return array
    with np.errstate(over="ignore"):
        typed = np.array(value, dtype=dtype)
    if dtype.kind == "f" and np.isinf(typed).any():
        lost = np.isinf(typed) & np.isfinite(np.array(value, dtype="float64"))
        if lost.any():
            raise BadRequest(f"{place!r}: {array[lost].flat[0]} is too large for {dtype}, which the model takes.")
    if dtype.kind in "iu" and array.dtype.kind == "f" and not np.array_equal(typed, array):
        first = array[typed != array].flat[0]
        raise BadRequest(f"{place!r}: {first} is no whole number, and the model takes {dtype}.")
    return typed


def _rows(value: Any, place: str) -> list[list[Any]]:
    if not isinstance(value, list):
        raise BadRequest(f"{place!r} must be a list of rows, not {_kind(value)}.")
    for row, each in enumerate(value):
        if not isinstance(each, list):
            raise BadRequest(f"{place!r}: row {row} must be a list of values, not {_kind(each)}.")
    return value


def _check_widths(rows: Sequence[Sequence[Any]], width: int, place: str) -> None:
    for row, each in enumerate(rows):
        if len(each) != width:
            raise BadRequest(f"{place!r}: row {row} has {len(each)} values where {width} are expected.")


def _names(columns: Any) -> list[Any]:
    if not isinstance(columns, list) or not all(isinstance(name, str | int | float) for name in columns):
        raise BadRequest("'dataframe_split.columns' must be a list of names.")
    return columns


def _check_size(rows: int, width: int, size: int) -> None:
    """Refuse a few bytes that would make a large table: rows that leave most of very many columns out."""
    if rows * width > max(MOST_CELLS, size):
        raise BadRequest(f"The table would have {rows} rows and {width} columns, which is too large for one request.")


def _kind(value: Any) -> str:
    """Return what a JSON value is, for messages."""
    if value is None:
        return "null"
    names = {dict: "a dictionary", list: "a list", str: "a text", bool: "a boolean"}
    return names.get(type(value), "a number")
