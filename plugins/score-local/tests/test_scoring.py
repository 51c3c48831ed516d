"""`hookline models score`: every format, both ways, with the place of whatever is wrong."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import hookline_score_local
from hookline.cli.context import CliContext
from hookline.cli.scoring import score as command
from hookline.entities import ScoringJob
from hookline.errors import ExecutionFailed, InvalidValue, NotSupported, SignatureError, Unavailable
from hookline.interfaces import Flavor
from hookline.models import infer_signature
from hookline.providers import FlavorProvider, hookimpl
from hookline.testing import PluginSuite, ScoringEngineSuite, memory_workspace
from hookline_score_local.engine import LocalEngine


class TestPlugin(PluginSuite):
    plugin = "score-local"


class TestEngine(ScoringEngineSuite):
    component = "files of this machine"

    @pytest.fixture
    def engine(self, tmp_path):
        return LocalEngine(tmp_path / "state")


class Function:
    """A model: calls one of the functions below, by its name."""

    def __init__(self, name):
        self.name = name


FUNCTIONS = {
    "total": lambda data: data.sum(axis=1).to_numpy(),
    "both": lambda data: data.to_numpy(dtype="float64"),
    "one column": lambda data: data.to_numpy()[:, :1],
    "frame": lambda data: pd.DataFrame({"label": ["é"] * len(data), "p": [0.1] * len(data)}),
    "series": lambda data: data.iloc[:, 0],
    "records": lambda data: [{"n": number, "list": [number, None]} for number in range(len(data))],
    "missing": lambda data: np.array([np.nan, np.inf] * len(data))[: len(data)],
    "types": lambda data: [",".join(type(value).__name__ for value in row) for row in data.itertuples(index=False)],
    "dtype": lambda data: [str(np.asarray(data).dtype)] * len(data),
    "text": lambda data: [str(value) for value in data.iloc[:, 0]],
    "too few": lambda data: [1],
    "single": lambda data: 3,
    "fail": lambda data: 1 / 0 if len(data) and data.iloc[-1, 0] == 13 else data.iloc[:, 0].to_numpy(),
    "unstable": lambda data: pd.DataFrame({"a" if data.iloc[0, 0] == 0 else "b": [1] * len(data)}),
    "unstable type": lambda data: [1] * len(data) if data.iloc[0, 0] == 0 else ["x"] * len(data),
    "odd": lambda data: [{1, 2}] * len(data),
}


class FunctionFlavor(Flavor):
    name = "function"

    def save(self, model, folder, options):
        (folder / "name.txt").write_text(model.name, encoding="utf-8")
        return {"data": "name.txt"}

    def load(self, folder, block, pickles):
        return Function((Path(folder) / block["data"]).read_text(encoding="utf-8"))

    def predict(self, model, data, params):
        return FUNCTIONS[model.name](data)


class FunctionPlugin:
    @hookimpl
    def flavors(self):
        return [FlavorProvider("function", FunctionFlavor, "For tests", handles=(f"{__name__}.Function",))]


@pytest.fixture
def score(tmp_path, monkeypatch):
    """Run the command in an empty folder; returns what was printed, or raises what the command raises."""
    monkeypatch.chdir(tmp_path)
    workspace = memory_workspace(tmp_path / "home", FunctionPlugin(), hookline_score_local)

    def run(name, *words, example=None, given=None, as_json=False):
        folder = tmp_path / "models" / name.replace(" ", "-")
        if not folder.exists():
            signature = None if example is None else infer_signature(example)
            workspace.save_model(Function(name), folder, signature=signature, flavor="function")
        cli = CliContext()
        cli.__dict__["workspace"] = workspace
        cli.as_json = as_json
        arguments = [str(folder), *map(str, words)]
        result = CliRunner().invoke(command, arguments, obj=cli, input=given, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result

    yield run
    workspace.close()


ROWS = pd.DataFrame({"a": [1.0, 2.0, 3.5], "b": [10.0, 20.0, 30.0]})
WRITE = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "parquet": lambda frame, path: frame.to_parquet(path, index=False),
}
READ = {
    "csv": pd.read_csv,
    "jsonl": lambda path: pd.read_json(path, lines=True),
    "parquet": pd.read_parquet,
}


def lines(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


# Formats -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
def test_every_format_is_read_and_written_in_chunks_of_any_size(score, source, target, chunk):
    if "parquet" in (source, target):
        pytest.importorskip("pyarrow")
    WRITE[source](ROWS, f"in.{source}")
    done = score("total", "-i", f"in.{source}", "-o", f"out.{target}", "--chunk-rows", chunk, example=ROWS)
    assert READ[target](f"out.{target}")["prediction"].tolist() == [11.0, 22.0, 33.5]
    assert done.output == f"3 predictions written to out.{target}\n"
    assert sorted(path.name for path in Path.cwd().iterdir() if path.is_file()) == sorted(
        {f"in.{source}", f"out.{target}"}
    )


def test_json_tells_programs_how_many(score):
    WRITE["csv"](ROWS, "in.csv")
    done = score("total", "-i", "in.csv", "-o", "out.csv", as_json=True)
    assert json.loads(done.output) == {"rows": 3, "output": "out.csv"}


def test_stdin_and_stdout_take_part_in_a_pipe(score):
    done = score("total", "--format", "jsonl", as_json=True, given='{"a": 1, "b": 2}\n\n{"a": 3, "b": 4}\n')
    assert done.stdout == '{"prediction": 3}\n{"prediction": 7}\n'
    done = score("total", "--format", "csv", "--output-format", "jsonl", as_json=True, given="a,b\n1,2\n")
    assert done.stdout == '{"prediction": 3}\n'


def test_the_format_may_be_given_where_no_suffix_tells_it(score):
    WRITE["csv"](ROWS, "rows.txt")
    score("total", "-i", "rows.txt", "-o", "out.txt", "--format", "csv", "--output-format", "csv")
    assert Path("out.txt").read_text(encoding="utf-8") == "prediction\n11.0\n22.0\n33.5\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-i", "rows.txt", "-o", "out.csv"], "'rows.txt' is not known: pass --format with one of csv, jsonl, parquet"),
        (["-i", "in.csv", "-o", "out"], "'out' is not known: pass --output-format"),
    ],
)
def test_a_format_that_nothing_tells_is_asked_for(score, words, says):
    WRITE["csv"](ROWS, "in.csv")
    with pytest.raises(InvalidValue, match=says):
        score("total", *words)


def test_rows_must_be_named(score):
    with pytest.raises(click.UsageError, match="--input FILE, or say with --format what stdin holds"):
        score("total")


def test_parquet_without_pyarrow_says_what_to_install(score, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "hookline_lib_rows.parquet", raising=False)
    Path("in.parquet").write_bytes(b"PAR1")
    with pytest.raises(NotSupported, match=r"pip install 'hookline-lib-rows\[parquet\]'"):
        score("total", "-i", "in.parquet", "-o", "out.csv")
    assert not Path("out.csv").exists()


# Predictions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("both", [{"prediction_0": 1.0, "prediction_1": 10.0}, {"prediction_0": 2.0, "prediction_1": 20.0}]),
        ("one column", [{"prediction": 1.0}, {"prediction": 2.0}]),
        ("frame", [{"label": "é", "p": 0.1}, {"label": "é", "p": 0.1}]),
        ("series", [{"a": 1.0}, {"a": 2.0}]),
        ("records", [{"n": 0, "list": [0, None]}, {"n": 1, "list": [1, None]}]),
        ("missing", [{"prediction": None}, {"prediction": None}]),
    ],
)
def test_whatever_a_model_returns_for_rows_becomes_columns(score, model, expected):
    WRITE["csv"](ROWS[:2], "in.csv")
    score(model, "-i", "in.csv", "-o", "out.jsonl")
    assert lines("out.jsonl") == expected


def test_numbers_are_written_with_all_their_digits(score):
    Path("in.csv").write_text("a\n0.1\n2.2250738585072014e-308\n0.30000000000000004\n", encoding="utf-8")
    for target in ("csv", "jsonl"):
        score("series", "-i", "in.csv", "-o", f"out.{target}")
    assert Path("out.csv").read_text(encoding="utf-8").split()[1:] == [
        "0.1",
        "2.2250738585072014e-308",
        "0.30000000000000004",
    ]
    assert [each["a"] for each in lines("out.jsonl")] == [0.1, 2.2250738585072014e-308, 0.30000000000000004]


def test_columns_of_the_input_may_be_kept(score):
    Path("in.csv").write_text("id,a,b\nx1,1,2\nx2,3,4\n", encoding="utf-8")
    score("total", "-i", "in.csv", "-o", "out.csv", "--keep", "id", "--chunk-rows", 1, example=ROWS)
    assert Path("out.csv").read_text(encoding="utf-8") == "id,prediction\nx1,3.0\nx2,7.0\n"
    with pytest.raises(InvalidValue, match="no column 'nr' to keep; it has: 'id', 'a', 'b'"):
        score("total", "-i", "in.csv", "-o", "out.csv", "--keep", "nr")


@pytest.mark.parametrize(("source", "content"), [("csv", "a,b\n"), ("jsonl", ""), ("jsonl", "\n\n")])
def test_a_file_without_rows_makes_one_without_rows(score, source, content):
    Path(f"in.{source}").write_text(content, encoding="utf-8")
    score("total", "-i", f"in.{source}", "-o", "out.csv", example=ROWS)
    assert Path("out.csv").read_text(encoding="utf-8") == "prediction\n"


# Types ---------------------------------------------------------------------------------------------------------------


def test_csv_gets_its_types_from_the_signature(score):
    example = pd.DataFrame(
        {
            "code": ["x"],
            "count": np.array([1], dtype="int32"),
            "small": np.array([1], dtype="float32"),
            "when": pd.to_datetime(["2024-01-01"]),
            "yes": [True],
        }
    )
    Path("in.csv").write_text(
        "yes,code,when,small,count\ntrue,007,2024-05-01T10:00:00,1,2\nfalse,010,2024-05-02,2.5,3.0\n", encoding="utf-8"
    )
    score("types", "-i", "in.csv", "-o", "out.jsonl", example=example)
    assert lines("out.jsonl") == [{"prediction": "str,int,float,Timestamp,bool"}] * 2
    score("text", "-i", "in.csv", "-o", "out.jsonl", example=example)
    assert [each["prediction"] for each in lines("out.jsonl")] == ["007", "010"]


@pytest.mark.parametrize(
    ("name", "content"), [("in.csv", "a,b\n1.5,2\n3,4\n"), ("in.jsonl", '{"a": 1, "b": 2.5}\n' * 2)]
)
def test_numbers_in_text_fit_a_tensor_of_single_precision(score, name, content):
    Path(name).write_text(content, encoding="utf-8")
    score("dtype", "-i", name, "-o", "out.jsonl", example=np.ones((2, 2), dtype="float32"))
    assert [each["prediction"] for each in lines("out.jsonl")] == ["float32"] * 2


def test_a_column_whose_first_chunk_looks_whole_is_still_one_of_floats(score):
    Path("in.csv").write_text("a,b\n1,1\n2,1\n2.5,1\n", encoding="utf-8")
    score("total", "-i", "in.csv", "-o", "out.csv", "--chunk-rows", 2, example=ROWS)
    assert Path("out.csv").read_text(encoding="utf-8") == "prediction\n2.0\n3.0\n3.5\n"


def test_columns_with_any_name_go_through(score):
    example = pd.DataFrame({'é, "x"': [1.0], "日本": [2.0]})
    example.to_csv("in.csv", index=False)
    score("total", "-i", "in.csv", "-o", "out.csv", example=example)
    assert Path("out.csv").read_text(encoding="utf-8") == "prediction\n3.0\n"
    Path("bom.csv").write_bytes(b"\xef\xbb\xbf" + Path("in.csv").read_bytes())
    score("total", "-i", "bom.csv", "-o", "out.csv")
    assert Path("out.csv").read_text(encoding="utf-8") == "prediction\n3.0\n"


# What is wrong, and where --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 2, 100])
@pytest.mark.parametrize(
    ("name", "content", "column", "row"),
    [
        ("in.csv", "a,b\n1,1\n2,2\n3,drei\n4,4\n", "b", 2),
        ("in.jsonl", '{"a": 1, "b": 1}\n{"a": 2, "b": 2}\n{"a": 3, "b": "drei"}\n', "b", 2),
        ("in.jsonl", '{"a": 1, "b": 1}\n{"a": [], "b": 2}\n', "a", 1),
    ],
)
def test_a_value_that_breaks_the_signature_is_named_by_its_row_in_the_file(score, name, content, column, row, chunk):
    Path(name).write_text(content, encoding="utf-8")
    Path("out.csv").write_text("what was there\n", encoding="utf-8")
    with pytest.raises(SignatureError) as caught:
        score("total", "-i", name, "-o", "out.csv", "--chunk-rows", chunk, example=ROWS)
    assert (caught.value.column, caught.value.row) == (column, row)
    assert f"in {name}" in str(caught.value)
    assert Path("out.csv").read_text(encoding="utf-8") == "what was there\n"
    assert not list(Path.cwd().glob(".*.part"))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("in.csv", b"", "in.csv: it is not CSV with a header"),
        ("in.csv", b"a,b\n1,2\n3,4,5\n", "in.csv, row 1: it has more values than the header"),
        ("in.csv", b"a,b\n1,2,3\n", "in.csv, row 0: it has more values than the header"),
        ("in.csv", b"a,b\n1,2,3,4,5\n", "in.csv, row 0: it has more values than the header"),
        ("in.csv", b'"a\nx",b\n1,"2\n', "EOF inside string"),
        ("in.csv", b'"a', "unexpected end"),
        ("in.csv", b"a,b\n1,\xff\n", "not UTF-8 text, after row 0: 0xff"),
        ("in.jsonl", b'{"a": 1, "b": 2}\n{"a": 1,\n', "in.jsonl, line 2: it is not JSON"),
        ("in.jsonl", b'{"a": 1, "b": 2}\n\n[1]\n', "in.jsonl, line 3: expected an object"),
        ("in.jsonl", b'{"a": "\xff"}\n', "line 1"),
        ("in.jsonl", b"[" * 100_000, "line 1"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_place(score, name, content, says):
    Path(name).write_bytes(content)
    with pytest.raises(InvalidValue, match=says):
        score("total", "-i", name, "-o", "out.csv", "--chunk-rows", 1)
    assert not Path("out.csv").exists()


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_a_row_with_too_many_values_is_found_wherever_chunks_begin(score, chunk):
    for extra, says in (("7", "row 3: it has more"), ("7,7", r"row 3: it has more|in line 6, saw 4")):
        Path("in.csv").write_text(f'"a\nx",b\n1,2\n3,4\n5,6\n7,8,{extra}\n9,10\n', encoding="utf-8")
        with pytest.raises(InvalidValue, match=says):
            score("total", "-i", "in.csv", "-o", "out.csv", "--chunk-rows", chunk)


def test_a_header_is_read_as_pandas_reads_it(score):
    Path("in.csv").write_text('\n\na,,a,"b\nc",\n1,2,3,4,5\n', encoding="utf-8")
    expected = list(pd.read_csv("in.csv").columns)
    score("frame", "-i", "in.csv", "-o", "out.jsonl", *(word for name in expected for word in ("--keep", name)))
    assert list(lines("out.jsonl")[0])[:-2] == expected


def test_a_damaged_parquet_file_is_named(score):
    pytest.importorskip("pyarrow")
    Path("in.parquet").write_bytes(b"PAR1 no PAR1")
    with pytest.raises(InvalidValue, match=r"in\.parquet: it is no Parquet file"):
        score("total", "-i", "in.parquet", "-o", "out.csv")
    WRITE["parquet"](ROWS, "in.parquet")
    whole = Path("in.parquet").read_bytes()
    Path("in.parquet").write_bytes(whole[:20] + b"\xff" * 40 + whole[60:])
    with pytest.raises(InvalidValue, match=r"in\.parquet"):
        score("total", "-i", "in.parquet", "-o", "out.csv")
    with pytest.raises(InvalidValue, match=r"stdin.* pipe|no Parquet file"):
        score("total", "--format", "parquet", given="x")


@pytest.mark.parametrize(
    ("model", "error", "says"),
    [
        ("fail", ExecutionFailed, "failed on the rows 2 to 3 of in.csv: ZeroDivisionError"),
        ("too few", InvalidValue, "returned 1 predictions for the 2 rows from row 0 on"),
        ("single", InvalidValue, "returned a int, not a prediction for each row"),
        ("unstable", InvalidValue, r"From row 2 on the model returned the columns \['b'\], and before that \['a'\]"),
        ("odd", InvalidValue, "'set' has no form in JSON"),
    ],
)
def test_a_model_that_goes_wrong_is_told_with_its_rows(score, model, error, says):
    Path("in.csv").write_text("a\n0\n1\n2\n13\n", encoding="utf-8")
    with pytest.raises(error, match=says):
        score(model, "-i", "in.csv", "-o", "out.jsonl", "--chunk-rows", 2)
    assert not Path("out.jsonl").exists()


def test_parquet_keeps_one_type_for_a_column(score):
    pytest.importorskip("pyarrow")
    Path("in.csv").write_text("a\n0\n1\n2\n13\n", encoding="utf-8")
    with pytest.raises(InvalidValue, match=r"out\.parquet: the predictions from row 2 on do not fit"):
        score("unstable type", "-i", "in.csv", "-o", "out.parquet", "--chunk-rows", 2)
    assert not Path("out.parquet").exists()


def test_files_that_are_not_there_are_named(score):
    with pytest.raises(InvalidValue, match=r"no file 'none\.csv'"):
        score("total", "-i", "none.csv", "-o", "out.csv")
    WRITE["csv"](ROWS, "in.csv")
    with pytest.raises(InvalidValue, match=r"Cannot write 'none/out\.csv'"):
        score("total", "-i", "in.csv", "-o", "none/out.csv")
    with pytest.raises(InvalidValue, match="Cannot read"):
        score("total", "-i", ".", "-o", "out.csv", "--format", "csv")


# Files ---------------------------------------------------------------------------------------------------------------


def test_a_link_is_written_through_and_a_device_is_not_replaced(score):
    WRITE["csv"](ROWS, "in.csv")
    Path("real.csv").write_text("old\n", encoding="utf-8")
    Path("link.csv").symlink_to("real.csv")
    score("total", "-i", "in.csv", "-o", "link.csv")
    assert Path("link.csv").is_symlink()
    assert Path("real.csv").read_text(encoding="utf-8") == "prediction\n11.0\n22.0\n33.5\n"
    score("total", "-i", "in.csv", "-o", "/dev/null", "--output-format", "csv")
    assert Path("/dev/null").is_char_device()


def test_a_file_may_be_scored_into_itself(score):
    WRITE["csv"](ROWS, "in.csv")
    score("total", "-i", "in.csv", "-o", "in.csv", "--chunk-rows", 1)
    assert Path("in.csv").read_text(encoding="utf-8") == "prediction\n11.0\n22.0\n33.5\n"


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_a_full_disk_is_said_and_leaves_what_was_there(score, small_disk, format):
    disk = small_disk(2**18)
    (disk / f"out.{format}").write_text("before", encoding="utf-8")
    rows = pd.DataFrame({"a": np.random.default_rng(0).normal(size=100_000)})
    WRITE["parquet"](rows, "in.parquet")
    with pytest.raises(Unavailable, match=rf"Cannot write '.*out\.{format}': No space left on device"):
        score("total", "-i", "in.parquet", "-o", disk / f"out.{format}", "--chunk-rows", 10_000)
    assert {each.name: each.read_text(encoding="utf-8") for each in disk.iterdir()} == {f"out.{format}": "before"}


KILLED = """
import os, signal, sys
from hookline.entities import ScoringJob
from hookline.interfaces import ScoringModel
from hookline_score_local.engine import LocalEngine

class Model:
    signature = None
    def predict(self, frame):
        if frame["a"].iloc[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return frame["a"].to_numpy()

model = ScoringModel("models:/kills/1", None, Model)
LocalEngine(None).score(model, ScoringJob("in.csv", "out.csv", "csv", "csv", chunk_rows=1), print)
"""


def test_a_killed_command_leaves_what_was_there_and_the_next_one_writes_it(score, tmp_path):
    WRITE["csv"](pd.DataFrame({"a": [0.0, 1.0]}), "in.csv")
    Path("out.csv").write_text("before", encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert Path("out.csv").read_text(encoding="utf-8") == "before"
    score("total", "-i", "in.csv", "-o", "out.csv")
    assert Path("out.csv").read_text(encoding="utf-8") == "prediction\n0.0\n1.0\n"


MEASURE = """
import sys
from hookline_lib_rows.formats import open_reader, open_writer
from hookline_lib_rows.scoring import score

class Model:
    signature = None
    def predict(self, frame):
        return frame.sum(axis=1).to_numpy()

source, target = sys.argv[1:3]
format = source.rpartition(".")[2]
with open(source, "rb") as stream, open(target, "wb") as output:
    writer = open_writer(format, output, target)
    rows = score(Model(), open_reader(format, stream, source, None, 2000), writer, source, (), lambda: None)
    writer.close()
with open("/proc/self/status", encoding="utf-8") as status:  # getrusage counts the parent's memory before exec as well
    print(rows, *(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads its peak of memory from /proc")
@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path, format):
    """Twenty times the rows, whose values alone take 60 MB as floats, cost a few MB at most."""
    if format == "parquet":
        pytest.importorskip("pyarrow")
    peaks = {}
    part = pd.DataFrame(np.random.default_rng(0).normal(size=(2000, 20)), columns=[f"c{each}" for each in range(20)])
    for repeats in (10, 200):
        source = tmp_path / f"rows-{repeats}.{format}"
        if format == "parquet":
            pd.concat([part] * repeats).to_parquet(source, row_group_size=2000)
        else:
            text = part.to_csv(index=False) if format == "csv" else part.to_json(orient="records", lines=True)
            header, _, body = text.partition("\n") if format == "csv" else ("", "", text)
            with source.open("w", encoding="utf-8") as file:
                file.write(f"{header}\n" if header else "")
                for _ in range(repeats):
                    file.write(body)
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(source), str(tmp_path / f"out.{format}")],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        rows, peak = map(int, done.stdout.split())
        assert rows == repeats * 2000
        peaks[repeats] = peak / 1024
    assert peaks[200] - peaks[10] < 25, peaks


def test_the_model_is_loaded_before_the_libraries_of_tables():
    """The fewer modules there are, the sooner skops has found the functions that it knows."""
    probe = "import sys, hookline_score_local.engine; print({'numpy', 'pandas', 'pyarrow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_how_far_the_file_is_read_is_told_to_its_end(tmp_path, monkeypatch, format):
    monkeypatch.chdir(tmp_path)
    WRITE[format](pd.DataFrame({"a": [1.0] * 20_000}), f"in.{format}")
    told = []
    with memory_workspace(tmp_path / "home", FunctionPlugin(), hookline_score_local) as workspace:
        workspace.save_model(Function("total"), "model", flavor="function")
        job = ScoringJob(f"in.{format}", "out.csv", format, "csv", chunk_rows=1000)
        assert workspace.scoring.score("./model", job, progress=lambda *each: told.append(each)) == 20_000
    [length] = {length for _, length in told}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert (told[0][0], told[-1][0]) == (0, length)


def test_a_setting_is_refused_since_there_is_none(score):
    WRITE["csv"](ROWS, "in.csv")
    with pytest.raises(InvalidValue, match="'local' takes no settings: leave 'master' out"):
        score("total", "-i", "in.csv", "-o", "out.csv", "-c", "master=x")
