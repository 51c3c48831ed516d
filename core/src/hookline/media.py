"""Turning figures, images and tables into the bytes of a file."""

import io
import json
import struct
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from hookline.documents import to_plain
from hookline.errors import InvalidValue, NotSupported, kind_of


def figure_bytes(figure: Any, file_name: str) -> bytes:
    """Return a matplotlib or plotly figure in the format that the file's ending names (png, pdf, svg, html, json).

    Raises:
        InvalidValue: the object is no figure of either, or the ending is not one that it can write.
    """
    suffix = PurePosixPath(file_name).suffix.lower()
    if callable(getattr(figure, "savefig", None)):
        buffer = io.BytesIO()
        try:
            figure.savefig(buffer, format=suffix.removeprefix(".") or "png")
        except ValueError as error:
            raise InvalidValue(f"{file_name!r}: {error}") from error
        return buffer.getvalue()
    if callable(getattr(figure, "to_html", None)) and callable(getattr(figure, "to_json", None)):
        if suffix == ".html":
            return str(figure.to_html()).encode()
        if suffix == ".json":
            return str(figure.to_json()).encode()
        return bytes(figure.to_image(format=suffix.removeprefix(".")))
    raise InvalidValue(f"A figure must be matplotlib's or plotly's, not {kind_of(figure)}.")


def image_bytes(image: Any, file_name: str) -> bytes:
    """Return an image as a file.

    Args:
        image: a PIL image (any format that it can save), or an array of shape (height, width), (height, width, 1),
            (height, width, 3) or (height, width, 4), of bytes or of floats from 0 to 1: saved as PNG.

    Raises:
        InvalidValue: another shape, type or range. NotSupported: an array for another format than PNG.
    """
    if callable(getattr(image, "save", None)):
        with tempfile.TemporaryDirectory(prefix="hookline-") as folder:
            path = Path(folder) / PurePosixPath(file_name).name
            image.save(path)
            return path.read_bytes()
    if not hasattr(image, "__array_interface__"):
        raise InvalidValue(f"An image must be a PIL image or an array, not {kind_of(image)}.")
    if PurePosixPath(file_name).suffix.lower() != ".png":
        raise NotSupported(
            f"Arrays are saved as PNG; name the file *.png instead of {file_name!r}, or pass a PIL image."
        )
    return _png(image)


def _png(array: Any) -> bytes:
    """Encode an array as PNG (https://www.w3.org/TR/png-3/: signature, IHDR, IDAT, IEND)."""
    channels = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
    if channels not in (1, 3, 4):
        raise InvalidValue(f"An image has the shape (height, width[, 1 | 3 | 4]), not {tuple(array.shape)}.")
    if array.dtype.kind == "f":
        if not (array.min() >= 0 and array.max() <= 1):
            raise InvalidValue("Floats of an image must lie between 0 and 1.")
        array = (array * 255 + 0.5).astype("uint8")
    elif array.dtype.kind == "b":
        array = array.astype("uint8") * 255
    elif array.dtype.kind in "iu":
        if not (array.min() >= 0 and array.max() <= 255):
            raise InvalidValue("Integers of an image must lie between 0 and 255.")
        array = array.astype("uint8")
    else:
        raise InvalidValue(f"An image holds numbers, not {array.dtype}.")
    height, width = array.shape[:2]
    rows = b"".join(b"\0" + array[i].tobytes() for i in range(height))
    color_type = {1: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def table_columns(table: Any) -> dict[str, list[Any]]:
    """Return a table as columns: from a mapping of columns (or single values), or a pandas or polars DataFrame.

    Raises:
        InvalidValue: another type, or columns of different lengths.
    """
    if hasattr(table, "to_dict") and hasattr(table, "columns"):
        as_lists = table.to_dict(as_series=False) if hasattr(table, "with_columns") else table.to_dict(orient="list")
        return {str(name): list(values) for name, values in as_lists.items()}
    if not isinstance(table, Mapping):
        raise InvalidValue(f"A table is a mapping of columns or a DataFrame, not {kind_of(table)}.")
    columns = {str(name): list(v) if isinstance(v, list | tuple) else [v] for name, v in table.items()}
    if len({len(values) for values in columns.values()}) > 1:
        raise InvalidValue(f"The columns differ in length: { {name: len(v) for name, v in columns.items()} }.")
    return columns


def table_json(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """Return columns as JSON in pandas' `split` form: `{"columns": [...], "data": [[row], ...]}`."""
    rows = [[_cell(value) for value in row] for row in zip(*columns.values(), strict=True)]
    return json.dumps({"columns": list(columns), "data": rows}, ensure_ascii=False, allow_nan=False).encode()


def _cell(value: Any) -> Any:
    plain = to_plain(value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value)
    return plain if isinstance(plain, str | int | float | bool | list | dict | None) else str(plain)


def append_table(old: bytes, columns: Mapping[str, Sequence[Any]]) -> bytes:
    """Return a stored table with rows added.

    Raises:
        InvalidValue: the columns are not those of the stored table.
    """
    table = json.loads(old)
    if set(table["columns"]) != set(columns):
        raise InvalidValue(f"The table has the columns {table['columns']}, not {list(columns)}.")
    added = json.loads(table_json({name: columns[name] for name in table["columns"]}))
    table["data"] += added["data"]
    return json.dumps(table, ensure_ascii=False, allow_nan=False).encode()
