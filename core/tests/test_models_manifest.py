"""The manifest of a model's folder."""

import hashlib
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.errors import DigestMismatch, InvalidValue, Refused
from hookline.models.manifest import FileDigest, Manifest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "MLmodel").write_bytes(b"flavors: {}")
    (tmp_path / "data" / "w.bin").write_bytes(b"\0" * 3)
    (tmp_path / "empty").write_bytes(b"")
    Manifest.of(tmp_path).write(tmp_path)
    return tmp_path


def test_the_format_is_the_documented_one(folder):
    files = {
        key: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for key, content in (("MLmodel", b"flavors: {}"), ("data/w.bin", b"\0" * 3), ("empty", b""))
    }
    raw = (folder / "manifest.json").read_bytes()
    assert json.loads(raw) == {"files": files, "version": 1}
    assert raw == json.dumps({"files": files, "version": 1}, sort_keys=True, separators=(",", ":")).encode()
    assert Manifest.read(folder).digest == "sha256:" + hashlib.sha256(raw).hexdigest()
    assert Manifest.read(folder).size == 14


def test_an_untouched_folder_passes_also_without_its_manifest(folder):
    stored = Manifest.read(folder)
    stored.verify(folder, "m")
    (folder / "manifest.json").unlink()
    assert Manifest.read(folder) is None
    assert Manifest.of(folder) == stored


def test_what_mlflow_adds_to_its_copy_is_not_counted(folder):
    (folder / "registered_model_meta").write_text("model_name: x\n")
    Manifest.read(folder).verify(folder, "m")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda folder: (folder / "data" / "w.bin").write_bytes(b"\0\1\0"), "'data/w.bin' was changed"),
        (lambda folder: (folder / "data" / "w.bin").write_bytes(b"\0" * 4), "'data/w.bin' was changed"),
        (lambda folder: (folder / "empty").unlink(), "'empty' is missing"),
        (lambda folder: (folder / "data" / "more").write_bytes(b""), "'data/more' is not part of it"),
        (lambda folder: (folder / "empty").rename(folder / "void"), "'empty' is missing, 'void' is not part"),
    ],
)
def test_a_file_that_differs_is_named(folder, change, problem):
    change(folder)
    with pytest.raises(DigestMismatch, match=problem):
        Manifest.read(folder).verify(folder, "m")


def test_many_differences_are_counted(folder):
    for number in range(9):
        (folder / f"x{number}").touch()
    with pytest.raises(DigestMismatch, match="and 4 more"):
        Manifest.read(folder).verify(folder, "m")


@pytest.mark.parametrize("where", ["inside", "outside", "folder", "dangling", "fifo"])
def test_links_and_other_oddities_are_refused(folder, tmp_path_factory, where):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "secret").write_text("s")
    if where == "fifo":
        os.mkfifo(folder / "odd")
    else:
        target = {"inside": folder / "empty", "outside": elsewhere / "secret", "folder": elsewhere}.get(
            where, "nowhere"
        )
        (folder / "odd").symlink_to(target)
    with pytest.raises(Refused, match="'odd'"):
        Manifest.of(folder)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"version": 2, "files": {}}', '{"version": 1, "files": {"a": {}}}', '{"version": 1}'),
        *('{"version": 1, "files": {"a": {"sha256": 1, "size": 1}}}', '{"version": 1, "files": {"a": 1}}'),
        "[" * 9999,
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InvalidValue, match=r"manifest\.json"):
        Manifest.read(tmp_path)


FILES = st.dictionaries(
    st.text(min_size=1, max_size=5), st.builds(FileDigest, st.just("0" * 64), st.integers(0, 9)), max_size=4
)


@given(FILES, FILES)
def test_digests_are_equal_for_equal_content_only(first, second):
    assert (Manifest(first).digest == Manifest(second).digest) == (first == second)
    assert (Manifest(first).differences(Manifest(second)) == []) == (first == second)
    assert Manifest(dict(reversed(list(first.items())))).digest == Manifest(first).digest
