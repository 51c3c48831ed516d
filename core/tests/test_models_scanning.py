"""What a pickle would import, told without executing it."""

import datetime
import decimal
import fractions
import io
import os
import pickle
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.models.scanning import imports_of, is_pickle


class Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def scan(tmp_path, data):
    path = tmp_path / "model.pkl"
    path.write_bytes(data)
    return imports_of(path)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_is_read_and_nothing_is_executed(tmp_path, protocol):
    marker = tmp_path / "executed"
    data = pickle.dumps([1, {"k": Call(os.mkdir, str(marker))}, datetime.date(2020, 1, 1)], protocol)
    found = scan(tmp_path, data)
    assert found.complete
    assert set(found.names) >= {"posix.mkdir", "datetime.date"}
    assert not marker.exists()


def test_plain_values_import_nothing(tmp_path):
    assert scan(tmp_path, pickle.dumps({"a": [1, "x", None, b"y", (1, 2), {3}]})).names == ()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"(S'ls'\nios\nsystem\n.", "os.system"),
        (b"cos\nsystem\n(S'ls'\ntR.", "os.system"),
        (b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93.", "os.system"),
        (b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93.", "os.system"),
        (b"\x80\x04\x8c\x02os\x8c\x06system20K\x010\x93.", "os.system"),
        (b"\x80\x04\x8c\x01x\x8c\x02os0\x8c\x02os\x94\x8c\x06system\x940\x8c\x06system\x93.", "os.system"),
        (b"\x80\x04K\x01K\x02\x93.", "?.?"),
        (b"\x80\x02\x82\x05.", "copyreg extension 5"),
        (b"\x80\x04cimportlib\nimport_module\n(\x8c\x06socket\x94tR.", "socket"),
    ],
)
def test_names_that_are_hidden_are_found(tmp_path, data, expected):
    assert expected in scan(tmp_path, data).names


@pytest.mark.parametrize("data", [b"", b"no pickle", b"\x80\x04\x95", pickle.dumps(decimal.Decimal(1))[:-4]])
def test_what_is_cut_short_is_said_to_be_incomplete(tmp_path, data):
    assert not scan(tmp_path, data).complete


def test_large_values_are_passed_over_and_false_lengths_not_believed(tmp_path):
    large = [b"x" * (3 << 20), "y" * (2 << 20), bytearray(2 << 20), decimal.Decimal(1)]
    found = scan(tmp_path, pickle.dumps(large, 5))
    assert (found.names, found.complete) == (("decimal.Decimal",), True)
    assert not scan(tmp_path, b"\x80\x04\x8d\x00\x00\x00\x00\x00\x00\x00\x01").complete


def test_data_after_the_pickle_does_not_hide_it(tmp_path):
    assert scan(tmp_path, pickle.dumps(fractions.Fraction(1)) + b"\xff" * 9).names == ("fractions.Fraction",)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x")
        for each in (data, b"\x80\x04" + data):
            path.write_bytes(each)
            imports_of(path)
            is_pickle(path)


def test_pickles_inside_of_archives_are_read(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(decimal.Decimal(1)))
        archive.writestr("archive/version", "3")
    (tmp_path / "model.pt").write_bytes(buffer.getvalue())
    assert is_pickle(tmp_path / "model.pt")
    assert imports_of(tmp_path / "model.pt").names == ("decimal.Decimal",)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("model.pkl", b"", True),
        ("model.joblib", b"x", True),
        ("weights", pickle.dumps(1), True),
        ("weights", b"\x80\xff", False),
        ("MLmodel", b"flavors: {}", False),
        ("empty", b"", False),
    ],
)
def test_which_files_are_pickles(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    assert is_pickle(tmp_path / name) is expected
