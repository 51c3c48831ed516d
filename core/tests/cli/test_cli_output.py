"""Printing: tables that fit a terminal, lines that a program can read, and nothing that a terminal obeys."""

import json
import shlex
import unicodedata

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hookline.cli.failures import visible
from hookline.cli.next_commands import shell_word
from hookline.cli.output import duration, exact, flattened, moment, side_by_side, write
from hookline.cli.run_views import short_ids
from hookline.entities import FileInfo, Metric

ID = "0123456789abcdef" * 2
ROWS = [{"run_id": ID, "name": "a\x1b[2J", "loss": 0.123456789}, {"run_id": "f" * 32, "name": "b", "loss": None}]


def test_a_pipe_gets_tabs_and_exact_values(capsys):
    write([], rows=ROWS, columns=["name", "loss", "run_id"])
    assert capsys.readouterr().out == f"name\tloss\trun_id\na\\x1b[2J\t0.123456789\t{ID}\nb\t\t{'f' * 32}\n"
    write([], rows=[], columns=["name"])
    assert capsys.readouterr().out == "name\n"


def test_a_terminal_gets_aligned_columns(terminal):
    shown = terminal(lambda: write([], rows=ROWS, columns=["name", "loss"]))
    assert shown == "name          loss\na\\x1b[2J  0.123457\nb\n"
    assert terminal(lambda: write([], rows=[], columns=["name"])) == ""


def test_a_table_that_is_too_wide_shortens_ids_and_is_then_cut(terminal):
    columns = ["run_id", "name", "loss"]
    wide = terminal(lambda: write([], rows=ROWS, columns=columns))
    assert ID in wide
    narrow = terminal(lambda: write([], rows=ROWS, columns=columns), columns=40)
    assert ID not in narrow
    assert "01234567  " in narrow
    cut = terminal(lambda: write([], rows=ROWS, columns=columns), columns=20)
    assert max(map(len, cut.splitlines())) == 20
    assert "…" in cut


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ({"a": 1, "b": {"c": "x\ny", "d": []}, "e": {}}, "a\t1\nb.c\tx\\ny\nb.d\t\ne\t\n"),
        ({"k\x07ey": None}, "k\\x07ey\t\n"),
        (FileInfo("a/b", False, 3), "path\ta/b\nis_dir\tfalse\nfile_size\t3\n"),
        ([FileInfo("a", True)], "path\tis_dir\tfile_size\na\ttrue\t\n"),
        ("one\x1b[31m\ntwo", "one\\x1b[31m\ntwo\n"),
        (7, "7\n"),
    ],
)
def test_any_value_is_printed(capsys, value, printed):
    write(value)
    assert capsys.readouterr().out == printed


def test_entities_become_json(capsys):
    write([Metric("k", float("nan"), 1, 2)], as_json=True)
    assert json.loads(capsys.readouterr().out)[0]["value"] == "NaN"


@given(st.text())
def test_no_text_reaches_a_terminal_as_a_command(text):
    shown = visible(text).replace("\n", "")
    assert not {unicodedata.category(each) for each in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(value=st.recursive(st.text() | st.integers() | st.booleans() | st.none(), st.lists, max_leaves=5))
def test_json_is_printable_and_says_the_same(value):
    with CliRunner().isolation() as streams:
        write({"value": value}, as_json=True)
        printed = streams[0].getvalue().decode()
    assert json.loads(printed) == {"value": value}
    assert all(line.isprintable() for line in printed.split("\n"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1 / 3, "0.3333333333333333"),
        (float("inf"), "Infinity"),
        (True, "true"),
        (None, ""),
        ([], ""),
        (["a", 1], '["a", 1]'),
        ({"a": 1}, '{"a": 1}'),
        ("x", "x"),
    ],
)
def test_values_are_exact_for_programs(value, text):
    assert exact(value) == text


@given(st.floats())
def test_a_float_is_read_back(value):
    assert repr(float(exact(value))) == repr(value)


@pytest.mark.parametrize(
    ("end", "text"),
    [(None, ""), (1000, "0.0 s"), (3500, "2.5 s"), (500, "0.0 s"), (61_000, "1 min 0 s"), (7_321_000, "2 h 2 min")],
)
def test_durations_are_read_by_people(end, text):
    assert duration(1000, end) == text


def test_a_time_that_is_not_there_is_empty():
    assert (moment(None), moment(0)) == ("", "")
    assert len(moment(1_700_000_000_000)) == len("2023-11-14 22:13:20")


def test_nested_keys_are_joined():
    assert flattened({"a": {"b": {"c": 1}}, "d": {}}) == {"a.b.c": 1, "d": {}}


def test_sides_are_compared():
    sides = [{"a": 1, "b": 2}, {"a": 1, "c": 3}]
    assert side_by_side(["x", "y"], sides) == [{"what": "b", "x": 2, "y": None}, {"what": "c", "x": None, "y": 3}]
    assert len(side_by_side(["x", "y"], sides, everything=True)) == 3


def test_short_ids_tell_ids_apart():
    assert short_ids(["aaaaaaaaaa1", "bbbbbbbbbb"]) == ["aaaaaaaa", "bbbbbbbb"]
    assert short_ids(["aaaaaaaaaa1", "aaaaaaaaaa2"]) == ["aaaaaaaaaa1", "aaaaaaaaaa2"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("runs:/abc/model", "runs:/abc/model"),
        ("params.alpha = '0.05'", "\"params.alpha = '0.05'\""),
        ("params.`learning rate` = '1'", None),
        ('a "b" $HOME', "'a \"b\" $HOME'"),
        ("", '""'),
    ],
)
def test_words_survive_a_shell(text, word):
    assert shlex.split(shell_word(text)) == [text]
    assert word is None or shell_word(text) == word
