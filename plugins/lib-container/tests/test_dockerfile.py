"""Dockerfiles from values: whatever a value holds, it stays one value; and where an engine is looked for."""

import json
import socket
import tarfile

import pytest

from hookline.errors import ConfigError, HooklineError, InvalidValue, Unavailable
from hookline_lib_container.addresses import find_address
from hookline_lib_container.containers import ContainerSpec, Mount, mounts_of, size_in_bytes
from hookline_lib_container.context import Context
from hookline_lib_container.dockerfile import Dockerfile, check_reference
from hookline_lib_container.engine import Engine

NASTY = ["a b", "'", '"', "$HOME", "$(touch x)", "`x`", "; x", "\\", "\\n", "${A:-b}", "{{x}}", "# x", "", "ü€😀"]


@pytest.mark.parametrize("value", [*NASTY, "a\nRUN x", "\\\n"])
@pytest.mark.parametrize("keyword", ["run", "entry", "command"])
def test_a_command_is_one_line_with_its_own_words(keyword, value):
    (line,) = str(getattr(Dockerfile(), keyword)("program", value)).splitlines()
    assert json.loads(line.partition(" ")[2]) == ["program", value]


@pytest.mark.parametrize("value", NASTY)
def test_a_value_is_quoted_whole(value):
    text = str(Dockerfile().variables({"A": value}).labels({"b.c": value}))
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    assert text == f'ENV A="{escaped}"\nLABEL "b.c"="{escaped}"\n'


@pytest.mark.parametrize("value", ["a\nRUN x", "a\rb", "a\0b", "\x1b[31m", "a\u2028b"], ids=ascii)
@pytest.mark.parametrize("write", [lambda file, it: file.variables({"A": it}), lambda file, it: file.labels({"A": it})])
def test_a_value_with_a_line_break_is_refused(write, value):
    with pytest.raises(InvalidValue, match="control character"):
        write(Dockerfile(), value)


@pytest.mark.parametrize("bad", ["a b", "a\nRUN x", "", "$A", "--from=x y", '"', "a;b"])
def test_paths_names_and_images_are_checked(bad):
    for write in (
        lambda: Dockerfile().copy(bad, to="/x"),
        lambda: Dockerfile().copy("x", to=bad),
        lambda: Dockerfile().copy("x", to="/x", stage=bad) if bad else Dockerfile().folder(bad),
        lambda: Dockerfile().folder(bad),
        lambda: Dockerfile().start(bad),
        lambda: Dockerfile().variables({bad: "x"}),
    ):
        with pytest.raises(InvalidValue):
            write()


@pytest.mark.parametrize(
    "name", ["python", "python:3.11-slim", "host:5000/team/image:1", f"a/b@sha256:{'0' * 64}", "0123456789ab"]
)
def test_names_of_images(name):
    assert check_reference(name) == name


@pytest.mark.parametrize(
    "name", ["Python", "a:b:c", "../x", "a//b", "-x", "http://x/y", "a@sha256:0", "a:" + "x" * 129]
)
def test_what_names_no_image(name):
    with pytest.raises(InvalidValue, match="no name of a container image"):
        check_reference(name)


def test_a_context_holds_the_files_without_their_owners_and_times(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "run.sh").write_text("x")
    (tmp_path / "sub" / "run.sh").chmod(0o755)
    context = Context(Dockerfile().start("a"), {"one.txt": b"1"}, {"all": tmp_path})
    with context.archive() as file, tarfile.open(fileobj=file) as archive:
        found = {each.name: (each.uid, each.mtime, oct(each.mode)) for each in archive.getmembers()}
    assert found["all/sub/run.sh"] == (0, 0, "0o755")
    assert set(found) == {"Dockerfile", "one.txt", "all", "all/sub", "all/sub/run.sh"}


# Containers ----------------------------------------------------------------------------------------------------------


def test_what_lies_in_another_folder_is_not_mounted_twice(tmp_path):
    inner = tmp_path / "a" / "b"
    assert mounts_of((inner, tmp_path / "a", tmp_path / "c", inner)) == tuple(
        Mount(str(tmp_path / name), str(tmp_path / name)) for name in ("a", "c")
    )


@pytest.mark.parametrize(("text", "size"), [("64m", 2**26), ("2g", 2**31), ("1.5k", 1536), ("7", 7), ("1GB", 2**30)])
def test_sizes(text, size):
    assert size_in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1", "1x", "1 2", "m"])
def test_what_is_no_size(text):
    with pytest.raises(InvalidValue, match="no size"):
        size_in_bytes(text)


def test_a_memory_limit_is_not_passed_by_swap():
    host = ContainerSpec("a", memory="64m").body()["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 2**26


# Where the engine is -------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _nothing_is_said(monkeypatch, tmp_path):
    for name in ("DOCKER_HOST", "CONTAINER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def test_an_option_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("CONTAINER_HOST", "unix:///three")
    assert find_address().url == "unix:///three"
    monkeypatch.setenv("DOCKER_HOST", "tcp://two:1")
    assert (find_address().url, find_address().said_by) == ("tcp://two:1", "DOCKER_HOST")
    assert find_address("unix:///one").url == "unix:///one"


@pytest.mark.parametrize("url", ["ssh://host", "/run/x.sock", "npipe:////./pipe/x", "nonsense"])
def test_an_address_that_is_none(url):
    with pytest.raises(ConfigError, match="unix://"):
        find_address(url)


def test_a_usual_socket_is_taken(tmp_path, monkeypatch):
    (tmp_path / "podman").mkdir()
    monkeypatch.chdir(tmp_path / "podman")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("podman.sock")
        found = find_address().url
    assert found.endswith(".sock")


@pytest.mark.parametrize("url", ["unix:///nobody/is/here.sock", "tcp://127.0.0.1:9"])
def test_an_engine_that_is_not_there_is_unavailable(url):
    with Engine(url) as engine, pytest.raises(Unavailable) as caught:
        engine.image("python:3.11")
    assert url in str(caught.value)
    assert "podman system service" in str(caught.value)


def test_certificates_that_cannot_be_read_are_said(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    with Engine("tcp://127.0.0.1:9") as engine, pytest.raises(HooklineError, match="DOCKER_CERT_PATH"):
        engine.image("python:3.11")
