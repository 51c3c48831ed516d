"""Reading and writing documents: YAML with places, strict and lenient conversion, JSON."""

import datetime
import json
import math
from collections.abc import Mapping, Sequence
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from hookline.documents import (
    MAX_YAML_NODES,
    parse_yaml,
    read_yaml,
    structure_strictly,
    to_json,
    to_plain,
    wire,
    write_yaml,
)
from hookline.entities import Metric, Page, RunData, RunInfo, RunRecord, RunStatus
from hookline.errors import ConfigError

HERE = Path("here.yaml")

# Reading -------------------------------------------------------------------------------------------------------------


def test_a_file_is_read_with_the_lines_of_its_keys(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("# note\na: 1\nb:\n  c: [1, 2]\n  d:\n    e: x\n")
    found = read_yaml(path)
    assert found.value == {"a": 1, "b": {"c": [1, 2], "d": {"e": "x"}}}
    assert found.lines == {"a": 2, "b": 3, "b.c": 4, "b.d": 5, "b.d.e": 6}
    assert found.place("b.d.e") == f"{path}:6"
    assert found.place("b.d.e.f.g") == f"{path}:6"
    assert found.place("b.c.0") == f"{path}:4"
    assert found.place("nothing") == str(path)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null", "\ufeff"])
def test_an_empty_file_is_nothing(text):
    assert parse_yaml(text.encode(), HERE).value is None


def test_utf_16_is_read_where_it_says_so():
    assert parse_yaml("a: ü".encode("utf-16"), HERE).value == {"a": "ü"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [1,\nb: 2", "here.yaml:2:5: this is not valid YAML: while parsing a flow sequence, expected ',' or ']'"),
        (
            "a:\n\t- b",
            "here.yaml:2:1: this is not valid YAML: while scanning for the next token, found character '\\t'",
        ),
        ("a: b: c", "here.yaml:1:5: this is not valid YAML: mapping values are not allowed here"),
        ("a: 'b", "here.yaml:1:6: this is not valid YAML: while scanning a quoted scalar, found unexpected end"),
        ("a: *b", "here.yaml:1:4: this is not valid YAML: found undefined alias 'b'"),
        ("a: 1\n---\nb: 2", "here.yaml:2:1: this is not valid YAML: expected a single document in the stream, but"),
        ("a: !!python/object/apply:os.system [x]", "here.yaml:1:4: this is not valid YAML: could not determine a"),
        ("a: !mine x", "here.yaml:1:4: this is not valid YAML: could not determine a constructor for the tag '!mine'"),
        (
            "? [a]\n: b\n? {c: d}\n: e",
            "here.yaml:1:3: this is not valid YAML: while constructing a mapping, found unhash",
        ),
        ("a: 2001-99-99", "here.yaml: this is not valid YAML: month must be in 1..12"),
        ("a: \x07", "here.yaml: this is not valid YAML: unacceptable character #x0007: special characters are not"),
        ("[" * 5000, "here.yaml: this is not valid YAML: it is nested too deeply"),
        ("a: " + "9" * 5000, "here.yaml: this is not valid YAML: Exceeds the limit"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_yaml_is_placed(text, says):
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text.encode(), HERE)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_what_is_no_utf8_is_said():
    with pytest.raises(ConfigError, match=r"here.yaml: this is not UTF-8 text: byte 3 is 0xff\."):
        parse_yaml(b"a: \xff\n", HERE)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ConfigError, match=r"Cannot read .*missing.yaml: No such file or directory\."):
        read_yaml(tmp_path / "missing.yaml")
    with pytest.raises(ConfigError, match=r"Cannot read .*: Is a directory\."):
        read_yaml(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("hookline.documents.MAX_YAML_BYTES", 100)
    (tmp_path / "a.yaml").write_text("a: " + "x" * 100)
    with pytest.raises(ConfigError, match=r"has 103 bytes; at most 100 are read"):
        read_yaml(tmp_path / "a.yaml")


BOMBS = {
    "mappings": "a0: &a0 {x: 1}\n"
    + "".join(f"a{n}: &a{n} {{{', '.join(f'k{i}: *a{n - 1}' for i in range(9))}}}\n" for n in range(1, 12)),
    "lists": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
    "merges": "a0: &a0 {x: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)),
    "itself": "a: &a [*a]",
    "itself in a mapping": "a: &a {b: *a}",
    "each other": "a: &a {b: &b [*a]}\nc: *b",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_aliases_do_not_expand_to_any_size(bomb):
    with pytest.raises(ConfigError, match=f"its aliases stand for more than {MAX_YAML_NODES} values"):
        parse_yaml(BOMBS[bomb].encode(), HERE)


def test_honest_aliases_are_read():
    text = "base: &base {a: 1, b: [x]}\none: {<<: *base, a: 2}\ntwo: *base\n" + "".join(
        f"n{n}: *base\n" for n in range(500)
    )
    value = parse_yaml(text.encode(), HERE).value
    assert value["one"] == {"a": 2, "b": ["x"]}
    assert value["n499"] == {"a": 1, "b": ["x"]}


def test_a_long_document_without_aliases_is_read():
    text = "".join(f"key{number}: {number}\n" for number in range(2000))
    assert len(parse_yaml(text.encode(), HERE).value) == 2000


def test_repeated_keys_are_noted():
    found = parse_yaml(b"a: 1\nb:\n  c: 1\n  c: 2\na: 3\nd: {c: 1}\n", HERE)
    assert found.value == {"a": 3, "b": {"c": 2}, "d": {"c": 1}}
    assert dict(found.repeated) == {"a": 5, "b.c": 4}


# Writing -------------------------------------------------------------------------------------------------------------

_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(), st.dates()
)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=12,
)


@given(_values)
def test_what_is_written_is_read_back(value):
    assert parse_yaml(write_yaml(value).encode("utf-8", "surrogatepass"), HERE).value == value


def test_keys_keep_their_order_and_text_its_letters():
    assert write_yaml({"b": "größe", "a": [1, {"c": None}]}) == "b: größe\na:\n- 1\n- c: null\n"


# Strict conversion ---------------------------------------------------------------------------------------------------


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@frozen
class Inner:
    name: str
    ports: tuple[int, ...] = ()


@frozen
class Outer:
    text: str = ""
    maybe: str | None = None
    whole: int = 0
    number: float = 0.0
    truth: bool = False
    choice: Literal["a", "b", 1] = "a"
    colour: Colour = Colour.RED
    level: Level = Level.LOW
    path: Path = Path()
    anything: Any = None
    names: list[str] = field(factory=list)
    order: Sequence[float] = ()
    inner: Inner | None = None
    inners: Mapping[str, Inner] = field(factory=dict)
    pair: tuple[int, str] = (0, "")


def _positive(_instance: object, _attribute: object, value: int) -> None:
    if value < 1:
        raise ValueError(f"must be at least 1, not {value}")


@frozen
class Checked:
    workers: int = field(default=1, validator=_positive)


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("text", "x", "x"),
        ("text", 12, "12"),
        ("maybe", None, None),
        ("maybe", "x", "x"),
        ("whole", 5, 5),
        ("whole", "5", 5),
        ("whole", "-5", -5),
        ("number", 5, 5.0),
        ("number", "1e-3", 0.001),
        ("truth", True, True),
        ("truth", "Yes", True),
        ("truth", "off", False),
        ("choice", "b", "b"),
        ("choice", 1, 1),
        ("colour", "blue", Colour.BLUE),
        ("level", 2, Level.HIGH),
        ("path", "a/b", Path("a/b")),
        ("anything", {1: [None]}, {1: [None]}),
        ("names", ["a", 1], ["a", "1"]),
        ("order", [1, 2.5], [1.0, 2.5]),
        ("inner", {"name": "x", "ports": [1, "2"]}, Inner("x", (1, 2))),
        ("inners", {"a": {"name": "x"}}, {"a": Inner("x")}),
        ("pair", [1, "x"], (1, "x")),
    ],
)
def test_values_of_the_right_kind_are_taken(key, value, read):
    found = getattr(structure_strictly({key: value}, Outer), key)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"text": None}, "text: expected a text, not None"),
        ({"text": True}, "text: expected a text, not True (quote it)"),
        ({"text": 1.10}, "text: expected a text, not 1.1 (quote it)"),
        ({"text": ["x"]}, "text: expected a text, not ['x']"),
        ({"maybe": {}}, "maybe: expected a text, not {}"),
        ({"whole": 1.5}, "whole: expected a whole number, not 1.5"),
        ({"whole": True}, "whole: expected a whole number, not True"),
        ({"whole": "many"}, "whole: expected a whole number, not 'many'"),
        ({"whole": None}, "whole: expected a whole number, not None"),
        ({"number": "x"}, "number: expected a number, not 'x'"),
        ({"number": False}, "number: expected a number, not False"),
        ({"truth": 1}, "truth: expected true or false, not 1"),
        ({"truth": "maybe"}, "truth: expected true or false, not 'maybe'"),
        ({"choice": "c"}, "choice: expected 'a' or 'b' or 1, not 'c'"),
        ({"choice": True}, "choice: expected 'a' or 'b' or 1, not True"),
        ({"colour": "green"}, "colour: expected 'red' or 'blue', not 'green'"),
        ({"level": 3}, "level: expected 1 or 2, not 3"),
        ({"names": "abc"}, "names: expected a list such as [a, b], not 'abc'"),
        ({"names": {"a": 1}}, "names: expected a list such as [a, b], not {'a': 1}"),
        ({"names": ["a", None]}, "names.1: expected a text, not None"),
        ({"order": 5}, "order: expected a list such as [a, b], not 5"),
        ({"inner": 5}, "inner: expected keys and values, not 5"),
        ({"inner": {}}, "inner: the key 'name' is missing"),
        ({"inner": {"name": "x", "ports": [1, "x"]}}, "inner.ports.1: expected a whole number, not 'x'"),
        ({"inner": {"nam": "x"}}, "inner: unknown key 'nam' (did you mean 'name'?); allowed: name, ports"),
        ({"inners": []}, "inners: expected keys and values, not []"),
        ({"inners": {"a": {"name": []}}}, "inners.a.name: expected a text, not []"),
        ({5: 1}, "unknown key 5; allowed: text, maybe,"),
        ("x", "expected keys and values, not 'x'"),
        (None, "expected keys and values, not None"),
    ],
    ids=str,
)
def test_values_of_another_kind_are_refused(value, says):
    with pytest.raises(ConfigError) as caught:
        structure_strictly(value, Outer)
    lines = str(caught.value).splitlines()
    assert any(line.startswith(f"configuration: {says}") for line in lines), lines


def test_every_problem_has_a_line_and_a_place():
    source = parse_yaml(b"text: []\ninner:\n  nme: x\n  ports: [a]\nwhole: 1\nzzz: 2\n", HERE)
    with pytest.raises(ConfigError) as caught:
        structure_strictly(source.value, Outer, source)
    lines = sorted(str(caught.value).splitlines())
    assert lines[0] == "here.yaml:1: text: expected a text, not []"
    assert lines[1] == "here.yaml:2: inner: the key 'name' is missing"
    assert lines[2] == "here.yaml:3: inner: unknown key 'nme' (did you mean 'name'?); allowed: name, ports"
    assert lines[3] == "here.yaml:4: inner.ports.0: expected a whole number, not 'a'"
    assert lines[4].startswith("here.yaml:6: unknown key 'zzz'; allowed: text,")
    assert len(lines) == 5


def test_a_prefix_stands_before_every_key():
    with pytest.raises(ConfigError, match=r"^configuration: local: unknown key 'x'; allowed: workers$"):
        structure_strictly({"x": 1}, Checked, prefix="local.")
    with pytest.raises(ConfigError, match=r"^configuration: local.workers: expected a whole number, not 'x'$"):
        structure_strictly({"workers": "x"}, Checked, prefix="local.")


def test_validators_of_the_class_are_heard():
    with pytest.raises(ConfigError, match=r"^configuration: must be at least 1, not 0$"):
        structure_strictly({"workers": 0}, Checked)


def test_machines_are_read_leniently():
    assert wire.structure({"name": "x", "ports": [1], "new": True}, Inner) == Inner("x", (1,))


# JSON ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Inner("x", (1, 2)), {"name": "x", "ports": [1, 2]}),
        (RunStatus.RUNNING, "RUNNING"),
        ({RunStatus.RUNNING: Path("a")}, {"RUNNING": "a"}),
        ([math.nan, math.inf, -math.inf, 1.5], ["NaN", "Infinity", "-Infinity", 1.5]),
        ({1: (None, True)}, {"1": [None, True]}),
        ({"b", "a"}, ["a", "b"]),
        (datetime.date(2024, 1, 2), "2024-01-02"),
        (datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC), "2024-01-02T03:04:05+00:00"),
        (Page((Inner("x"),), "next"), {"items": [{"name": "x", "ports": []}], "next_page_token": "next"}),
    ],
)
def test_entities_become_plain_values(value, plain):
    assert to_plain(value) == plain
    assert json.loads(to_json(value)) == plain


def test_a_run_shows_the_latest_values_of_its_metrics():
    data = RunData({"alpha": "0.05"}, {"rmse": Metric("rmse", math.nan, 3)}, {"t": "1"})
    record = RunRecord(RunInfo("r", "name", "0", "artifacts:/0/r"), data)
    plain = to_plain(record)
    assert plain["data"] == {"params": {"alpha": "0.05"}, "metrics": {"rmse": "NaN"}, "tags": {"t": "1"}}
    assert plain["info"]["status"] == "RUNNING"
    assert json.loads(to_json(record)) == plain


def test_json_keeps_letters_and_may_be_one_line():
    assert to_json({"größe": [1]}, indent=None) == '{"größe": [1]}'
    assert to_json({"a": 1}) == '{\n  "a": 1\n}'
