"""Reading and writing documents: YAML with line numbers, and two converters named by how far the writer is trusted.

`strict` is for files that people write for us (`hookline.yaml`): unknown keys are errors, with the file, the line and
what is allowed. `wire` is for what machines send and for other people's formats: unknown keys are passed over, so that
newer peers are understood; it writes every entity as plain values and reads it from them again, series of points too.
"""

import datetime
import difflib
import json
import math
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, TypeVar

import attrs
import yaml
from cattrs import BaseValidationError, ClassValidationError, Converter, IterableValidationError
from cattrs.errors import ForbiddenExtraKeysError

from hookline.entities import Points, RunData
from hookline.errors import ConfigError, InvalidValue
from hookline.strictness import make_strict

MAX_YAML_BYTES = 16 * 1024 * 1024
MAX_YAML_NODES = 100_000
"""How many values a document with aliases may stand for: a few nested aliases expand to any number."""
_BREAKS = frozenset("\x85\u2028\u2029\ufeff")
T = TypeVar("T")

strict = make_strict(Converter(forbid_extra_keys=True, detailed_validation=True))
wire = Converter(forbid_extra_keys=False, detailed_validation=True)


def _plain_points(points: Points) -> dict[str, Any]:
    columns = {name: list(getattr(points, name)) for name in ("steps", "timestamps", "values")}
    return {"key": points.key, **columns}


def _points(given: Any, _wanted: object) -> Points:
    return Points(
        given["key"], array("q", given["steps"]), array("q", given["timestamps"]), array("d", given["values"])
    )


# By functions: for a class cattrs would look at the types of its fields, and `array[int]` is none before Python 3.12.
wire.register_unstructure_hook_func(lambda kind: kind is Points, _plain_points)
wire.register_structure_hook_func(lambda kind: kind is Points, _points)


class Places(Protocol):
    """Says where a value came from."""

    def place(self, key: str) -> str:
        """Return the place of a dotted key, for messages."""


class _Loader(yaml.SafeLoader):
    """A safe loader that notes whether aliases are used."""

    aliases = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.aliases += self.check_event(yaml.AliasEvent)
        return super().compose_node(parent, index)


@attrs.frozen
class YamlFile:
    """A YAML file as plain values, with the line (from 1) on which each key stands.

    Attributes:
        lines: by dotted key, such as `plugins.allow`.
        repeated: keys that stand twice in one mapping, of which the last one holds, with the line of the last one.
    """

    path: Path
    value: Any
    lines: Mapping[str, int]
    repeated: tuple[tuple[str, int], ...] = ()

    def place(self, key: str) -> str:
        """Return `FILE:LINE` of a dotted key, or of the nearest one above it."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return f"{self.path}:{self.lines[key]}" if key else str(self.path)


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML file with safe types only.

    Raises:
        ConfigError: it is not there, too large, not UTF-8, or not YAML; the text names file, line and column.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror or error}.") from error
    if len(data) > MAX_YAML_BYTES:
        raise ConfigError(f"{path} has {len(data)} bytes; at most {MAX_YAML_BYTES} are read.")
    return parse_yaml(data, path)


def parse_yaml(data: bytes, path: Path) -> YamlFile:
    """Read YAML text as `read_yaml` does; `path` is for messages."""
    try:
        loader = _Loader(data)
        try:
            node = loader.get_single_node()
            if node is not None and loader.aliases:
                _check_expansion(node)
            value = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, OverflowError, RecursionError) as error:
        raise ConfigError(_yaml_problem(error, path)) from error
    keys = list(_keys(node))
    lines = dict(keys)
    counts = Counter(key for key, _line in keys)
    return YamlFile(path, value, lines, tuple((key, lines[key]) for key, count in counts.items() if count > 1))


def _check_expansion(root: yaml.Node) -> None:
    """Refuse a document whose aliases expand to too much, or that holds itself."""
    sizes: dict[int, int] = {}

    def size(node: Any) -> int:
        if id(node) not in sizes:
            sizes[id(node)] = MAX_YAML_NODES  # what a node that holds itself meets
            pairs = node.value if isinstance(node, yaml.MappingNode) else ()
            inner = node.value if isinstance(node, yaml.SequenceNode) else [part for pair in pairs for part in pair]
            sizes[id(node)] = 1 + sum(size(each) for each in inner)
        return sizes[id(node)]

    if size(root) > MAX_YAML_NODES:
        problem = f"its aliases stand for more than {MAX_YAML_NODES} values"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=root.start_mark)


def _yaml_problem(error: Exception, path: Path) -> str:
    mark = getattr(error, "problem_mark", None)
    said = [text for text in (getattr(error, "context", None), getattr(error, "problem", None)) if text]
    problem = " ".join((", ".join(said) or str(error)).split())
    if isinstance(error, RecursionError):
        problem = "it is nested too deeply"
    place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
    if isinstance(error, yaml.reader.ReaderError) and error.encoding == "utf-8":
        return f"{place}: this is not UTF-8 text: byte {error.position} is {error.character:#04x}."
    return f"{place}: this is not valid YAML: {problem}."


def _keys(node: Any, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Yield each key of nested mappings, dotted, with its line."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{prefix}{key.value}"
            yield name, key.start_mark.line + 1
            yield from _keys(value, f"{name}.")


class _Dumper(yaml.SafeDumper):
    """A safe dumper that escapes what YAML's readers take for line breaks or a mark of the encoding."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        style = '"' if _BREAKS.intersection(text) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)


def write_yaml(value: Any) -> str:
    """Return plain values as YAML text, keys in their order; raises `InvalidValue` for any other object."""
    try:
        text: str = yaml.dump(
            value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120
        )
    except yaml.YAMLError as error:
        raise InvalidValue(f"YAML can hold plain values only: {error}") from error
    return text


def structure_strictly(value: Any, wanted: type[T], source: Places | None = None, prefix: str = "") -> T:
    """Return plain values as an attrs class.

    Args:
        source: says where a key stands, such as a `YamlFile`.
        prefix: what to put before the keys in messages.

    Raises:
        ConfigError: one line for each problem, with the place, the key, and what is allowed.
    """
    try:
        return strict.structure(value, wanted)
    except (BaseValidationError, InvalidValue, ValueError, TypeError, KeyError) as error:
        lines = [_problem(key, cause, source) for key, cause in _causes(error, prefix.strip("."))]
        raise ConfigError("\n".join(lines)) from error


def _causes(error: BaseException, key: str) -> Iterator[tuple[str, BaseException]]:
    """Yield the single problems inside an error of cattrs, each with its dotted key."""
    if isinstance(error, ClassValidationError | IterableValidationError):
        placed, others = error.group_exceptions()
        for cause, note in placed:
            part = note.name if hasattr(note, "name") else note.index
            yield from _causes(cause, f"{key}.{part}".strip("."))
        for cause in others:
            yield from _causes(cause, key)
    elif isinstance(error, ForbiddenExtraKeysError):
        for extra in sorted(error.extra_fields, key=str):
            yield f"{key}.{extra}".strip("."), ForbiddenExtraKeysError(None, error.cl, {extra})
    else:
        yield key, error


def _problem(key: str, cause: BaseException, source: Places | None) -> str:
    place = source.place(key) if source else "configuration"
    if isinstance(cause, ForbiddenExtraKeysError | KeyError):  # which name the key themselves
        key = key.rpartition(".")[0]
    return f"{place}: {key + ': ' if key else ''}{_describe(cause)}"


def _describe(error: BaseException) -> str:
    if isinstance(error, ForbiddenExtraKeysError):
        allowed = [field.name for field in attrs.fields(error.cl)]
        extra = next(iter(error.extra_fields))
        close = difflib.get_close_matches(str(extra), allowed, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        return f"unknown key {extra!r}{hint}; allowed: {', '.join(allowed)}"
    if isinstance(error, KeyError):
        return f"the key {error.args[0]!r} is missing"
    text = str(error)
    known = isinstance(error, ValueError | TypeError | InvalidValue)
    return text if known and text else f"{type(error).__name__}: {text}"


def to_plain(value: Any) -> Any:
    """Return an entity as JSON-ready values: attrs classes become dicts, NaN and infinities the texts of the wire,
    dates (which YAML knows and JSON does not) ISO 8601.

    A run's data appears as `params`, `metrics` (the latest values) and `tags`.
    """
    if isinstance(value, RunData):
        return {each: to_plain(getattr(value, each)) for each in ("params", "metrics", "tags")}
    if attrs.has(type(value)):
        return {field.name: to_plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    if isinstance(value, Mapping):
        return {str(key): to_plain(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return [to_plain(each) for each in sorted(value, key=str)]
    if isinstance(value, list | tuple):
        return [to_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return value


def to_json(value: Any, *, indent: int | None = 2) -> str:
    """Return an entity, or a list of them, as JSON text."""
    return json.dumps(to_plain(value), indent=indent, ensure_ascii=False, allow_nan=False)
