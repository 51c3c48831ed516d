"""What the laws of every environment leave open: conda's packages, channels, and what goes wrong with them."""

import asyncio
import base64
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import rattler
from channel_by_hand import FULL, PYTHON, Channel

from hookline.entities import EnvironmentSpec
from hookline.errors import (
    ConfigError,
    ExecutionFailed,
    HooklineError,
    InvalidValue,
    NotSupported,
    Refused,
    Unavailable,
)
from hookline.testing.environment_suite import run_code, write_wheel
from hookline_env_conda.channels import place_of, places_of, shown
from hookline_env_conda.environment import MARKER, CondaEnvironment
from hookline_env_conda.options import CondaOptions
from hookline_env_conda.recipe import recipe_of

SECRET = "s3cr3t-that-nobody-may-see"
PROBE = EnvironmentSpec("conda_env", python=PYTHON, settings={"conda": ("conda_probe",)})


@pytest.fixture
def options(shared_channel: Channel) -> CondaOptions:
    return CondaOptions(channels={"conda-forge": shared_channel.url}, no_index=True)


@pytest.fixture
def environment(tmp_path: Path, options: CondaOptions) -> CondaEnvironment:
    return CondaEnvironment(tmp_path / "environments", options)


def wanted(*packages: str, **fields: object) -> EnvironmentSpec:
    return EnvironmentSpec("conda_env", settings={"conda": packages}, **fields)


# Packages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ("conda_probe", "2.0"),
        ("conda_probe=1.0", "1.0"),
        ("conda_probe ==1.0", "1.0"),
        ("conda_probe <2", "1.0"),
        ("conda_probe>=1,<3", "2.0"),
        ("conda_probe=1.0=0", "1.0"),
        ("conda_probe 1.*", "1.0"),
        ("conda_probe[version='<2']", "1.0"),
        ("conda-forge::conda_probe=1.0", "1.0"),
    ],
)
def test_condas_packages_are_installed_as_conda_writes_them(environment, package, version):
    prepared = environment.prepare(wanted(package))
    said = run_code(prepared, "import conda_probe, sys; print(conda_probe.VERSION, sys.prefix)").split()
    assert said == [version, prepared.variables["CONDA_PREFIX"]]
    assert {f"conda-probe=={version}", f"python=={FULL}"} <= {line.replace("_", "-") for line in prepared.lock}


def test_python_packages_come_on_top_of_condas(tmp_path, shared_channel):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_wheel(wheels, "probe", "1.0")
    channels = {"conda-forge": shared_channel.url}
    options = CondaOptions(channels=channels, find_links=[str(wheels)], no_index=True)
    spec = wanted("conda_probe=1.0", "pip", python=PYTHON, dependencies=("probe",))
    prepared = CondaEnvironment(tmp_path / "environments", options).prepare(spec)
    code = "import conda_probe, probe; print(conda_probe.VERSION, probe.VERSION)"
    assert run_code(prepared, code).split() == ["1.0", "1.0"]
    assert "probe==1.0" in prepared.lock
    assert len([line for line in prepared.lock if line.startswith("pip==")]) == 1


def test_an_environment_can_be_made_where_an_event_loop_runs(environment):
    """As in a notebook."""

    async def prepare():
        return environment.prepare(PROBE)

    assert asyncio.run(prepare()) == environment.prepare(PROBE)


def test_scripts_that_conda_would_run_on_activation_are_named(tmp_path, channel, options):
    channel.add("active", "1.0", {"etc/conda/activate.d/active.sh": b"export ACTIVE=1\n"})
    both = CondaOptions(channels={**options.channels, "own": channel.url})
    spec = EnvironmentSpec("conda_env", settings={"conda": ("active",), "channels": ("own", "conda-forge")})
    (note,) = CondaEnvironment(tmp_path / "environments", both).prepare(spec).notes
    assert "are not run: active.sh" in note


# Channels ------------------------------------------------------------------------------------------------------------


def usual(channel):
    """Where rattler looks for a channel unless it is told."""
    return rattler.Channel(channel).base_url.rstrip("/")


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ((), [usual("conda-forge")]),
        (("conda-forge", "nodefaults"), [usual("conda-forge")]),
        (("pytorch", "bioconda/label/main"), [usual("pytorch"), usual("bioconda/label/main")]),
        (("team", "team"), ["https://host/t/abc/team"]),
        (("https://host/t/abc/team/",), ["https://host/t/abc/team"]),
    ],
)
def test_names_of_channels_lead_where_the_user_says(named, expected):
    options = CondaOptions(channels={"team": "https://host/t/abc/team/"})
    assert list(places_of(named, options, "conda.yaml")) == expected


def test_all_channels_may_be_somewhere_else():
    options = CondaOptions(channel_alias="https://mirror.example/conda/", default_channels=("main",))
    assert places_of((), options, "conda.yaml") == ("https://mirror.example/conda/main",)


@pytest.mark.parametrize(
    "channel", ["https://elsewhere.example/x", f"https://me:{SECRET}@host/x", "file:///srv/x", "/srv/x", "./x", "~/x"]
)
def test_a_place_that_the_user_did_not_name_is_refused(channel, tmp_path, options):
    spec = EnvironmentSpec("conda_env", tmp_path / "conda.yaml", settings={"channels": (channel,)})
    with pytest.raises(Refused, match=r"conda\.yaml: the channel .*environments\.conda\.channels") as caught:
        CondaEnvironment(tmp_path / "environments", options).prepare(spec)
    assert SECRET not in str(caught.value)
    assert not (tmp_path / "environments").exists()


@pytest.mark.parametrize(
    "package",
    [
        "https://elsewhere.example/x/noarch/probe-1.0-0.conda",
        "https://elsewhere.example/x::probe",
        "file:///srv/x::probe",
        "probe[url=https://elsewhere.example/probe.conda]",
        "probe[channel=https://elsewhere.example/x]",
        "probe[version='1', channel=elsewhere]",
        "/srv/probe-1.0-0.conda",
        "./probe-1.0-0.tar.bz2",
    ],
)
def test_a_package_from_a_place_of_its_own_is_refused(package, environment, tmp_path):
    with pytest.raises((Refused, InvalidValue)) as caught:
        environment.prepare(wanted(package))
    assert package.partition("::")[0][:20] in str(caught.value)
    assert not (tmp_path / "environments").exists()


@pytest.mark.parametrize(
    ("channels", "error", "said"),
    [
        (("defaults",), InvalidValue, "'defaults' is another one for each installation"),
        (("a b",), InvalidValue, "'a b' is no name of a channel"),
        (("../x",), Refused, "is a place"),
        (("a/../b",), InvalidValue, "no name of a channel"),
    ],
)
def test_what_is_no_channel_is_said(channels, error, said):
    with pytest.raises(error, match=said):
        places_of(channels, CondaOptions(), "conda.yaml")


def test_a_place_that_is_no_url_is_said():
    with pytest.raises(ConfigError, match=r"environments\.conda: the place '/srv/x' of 'team' is no URL"):
        place_of("team2", CondaOptions(channels={"team": "/srv/x"}), "conda.yaml")


def test_tokens_of_channels_are_not_shown():
    assert SECRET not in shown(f"https://me:{SECRET}@host/x https://host/t/{SECRET}/team")


@pytest.mark.parametrize("package", ["", "numpy;touch x", "-c x", "num py[", "numpy==1.0 &&"])
def test_a_package_that_cannot_be_read_is_said(package, environment):
    with pytest.raises(InvalidValue, match=r"cannot (be read|read the package)"):
        environment.prepare(wanted(package))


def test_an_image_is_another_environments_business():
    with pytest.raises(NotSupported, match="--env current"):
        recipe_of(EnvironmentSpec("docker_env", settings={"image": "python:3.11"}), CondaOptions())


# What goes wrong -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("package", ["no_such_package", "conda_probe=9"])
def test_what_no_choice_of_packages_meets_is_said_with_the_reason(package, environment, options, tmp_path):
    spec = EnvironmentSpec("conda_env", tmp_path / "conda.yaml", settings={"conda": (package,)})
    with pytest.raises(ExecutionFailed, match=r"(?s)No choice of packages meets what .*conda\.yaml asks for") as caught:
        environment.prepare(spec)
    assert package.partition("=")[0] in str(caught.value)
    assert options.channels["conda-forge"] in str(caught.value)
    assert {path.suffix for path in (tmp_path / "environments").iterdir()} == {".lock"}


def test_packages_that_exclude_one_another_are_named(tmp_path, channel, shared_channel):
    channel.add("lower", "1.0", {"share/lower": b"1"}, depends=["conda_probe <2"])
    channel.add("upper", "1.0", {"share/upper": b"1"}, depends=["conda_probe >=2"])
    options = CondaOptions(channels={"own": channel.url, "conda-forge": shared_channel.url})
    spec = EnvironmentSpec("conda_env", settings={"conda": ("lower", "upper"), "channels": ("own", "conda-forge")})
    with pytest.raises(ExecutionFailed, match=r"(?s)lower.*conda_probe.*upper|upper.*conda_probe.*lower"):
        CondaEnvironment(tmp_path / "environments", options).prepare(spec)


@pytest.mark.parametrize("place", ["file:///no/such/channel", f"http://me:{SECRET}@127.0.0.1:9/channel"])
def test_a_channel_that_is_away_is_said(place, tmp_path):
    options = CondaOptions(channels={"conda-forge": place})
    with pytest.raises(Unavailable, match=r"A channel of .* cannot be read.*environments\.conda\.channels") as caught:
        CondaEnvironment(tmp_path / "environments", options).prepare(PROBE)
    assert SECRET not in str(caught.value)
    assert {path.suffix for path in (tmp_path / "environments").iterdir()} == {".lock"}


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_package_that_is_not_the_one_of_its_channel_is_not_installed(tmp_path, channel, shared_channel, harm):
    package = channel.add("own", "1.0", {"share/own": harm.encode()})
    if harm == "gone":
        package.unlink()
    else:
        package.write_bytes(package.read_bytes()[:-1] + b"x")
    options = CondaOptions(channels={"own": channel.url, "conda-forge": shared_channel.url})
    spec = EnvironmentSpec("conda_env", settings={"conda": ("own",), "channels": ("own", "conda-forge")})
    environment = CondaEnvironment(tmp_path / "environments", options)
    with pytest.raises(ExecutionFailed, match="could not be fetched or installed"):
        environment.prepare(spec)
    channel.add("own", "1.0", {"share/own": harm.encode()})
    prefix = environment.prepare(spec).path_prefix[0].parent
    assert (prefix / "share/own").read_bytes() == harm.encode()


def test_a_python_part_that_fails_is_said_without_secrets(tmp_path, shared_channel):
    index = f"http://me:{SECRET}@127.0.0.1:9/simple"
    options = CondaOptions(channels={"conda-forge": shared_channel.url}, index_url=index)
    spec = EnvironmentSpec("conda_env", tmp_path / "conda.yaml", dependencies=("absent==1",))
    with pytest.raises(
        ExecutionFailed, match=r"(?s)pip could not install what .*conda\.yaml asks for.*absent"
    ) as caught:
        CondaEnvironment(tmp_path / "environments", options).prepare(spec)
    assert SECRET not in str(caught.value)


class Asking(http.server.SimpleHTTPRequestHandler):
    """Serves files to those who sign in, below `/open` to everybody."""

    def do_GET(self) -> None:
        expected = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
        if not self.path.startswith("/open/") and self.headers.get("Authorization") != expected:
            return self.send_error(401)
        self.path = self.path.removeprefix("/open")
        return super().do_GET()

    def log_message(self, *_arguments: object) -> None:
        return


@pytest.fixture
def served(shared_channel: Channel) -> Iterator[str]:
    """The host and port of a server that has the channel."""
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Asking, directory=str(shared_channel.folder))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_channel_behind_a_server_is_read_and_its_absence_is_said(tmp_path, served):
    options = CondaOptions(channels={"conda-forge": f"http://{served}/open"})
    prepared = CondaEnvironment(tmp_path / "a", options).prepare(PROBE)
    assert run_code(prepared, "import conda_probe; print(conda_probe.VERSION)").strip() == "2.0"
    missing = CondaOptions(channels={"conda-forge": f"http://{served}/open/missing"})
    with pytest.raises(HooklineError) as caught:
        CondaEnvironment(tmp_path / "b", missing).prepare(PROBE)
    assert f"http://{served}/open/missing" in str(caught.value)


@pytest.mark.parametrize("kept", ["in the URL", "by rattler", "nowhere"])
def test_credentials_of_a_channel_are_used_and_not_shown(tmp_path, served, monkeypatch, kept):
    signing_in = {"127.0.0.1": {"BasicHTTP": {"username": "me", "password": SECRET}}} if kept == "by rattler" else {}
    (tmp_path / "credentials.json").write_text(json.dumps(signing_in))
    monkeypatch.setenv("RATTLER_AUTH_FILE", str(tmp_path / "credentials.json"))
    place = f"http://me:{SECRET}@{served}" if kept == "in the URL" else f"http://{served}"
    environment = CondaEnvironment(tmp_path / "environments", CondaOptions(channels={"conda-forge": place}))
    if kept == "nowhere":
        with pytest.raises(Unavailable, match="401"):
            environment.prepare(PROBE)
    else:
        shown = repr(environment.prepare(PROBE))
        assert "conda-probe" in shown.replace("_", "-")
        assert SECRET not in shown
        assert not [path for path in (tmp_path / "environments").rglob("*.json") if SECRET in path.read_text()]


@pytest.mark.parametrize("fills", ["a package", "a python requirement"])
def test_a_full_disk_is_said_and_leaves_no_environment(tmp_path, channel, small_disk, fills, monkeypatch):
    """With room for Python and pip, and for nothing large; there is an environment once there is room."""
    channel.add_python()
    channel.add_pip()
    large = os.urandom(2**26)  # which cannot be packed
    channel.add("heavy", "1.0", {"lib/heavy.bin": large}, depends=["python"])
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(write_wheel(wheels, "heavy_wheel", "1.0"), "a") as archive:
        archive.writestr("heavy_data.bin", large)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    options = CondaOptions(channels={"conda-forge": channel.url}, find_links=[str(wheels)], no_index=True)
    disk = small_disk(2**26)
    environment = CondaEnvironment(disk / "environments", options)
    asked = (
        wanted("heavy", python=PYTHON)
        if fills == "a package"
        else wanted("pip", python=PYTHON, dependencies=("heavy-wheel",))
    )
    with pytest.raises(ExecutionFailed, match=r"could not be made.*(?s:.*)No space left on device"):
        environment.prepare(asked)
    assert not [path for path in (disk / "environments").iterdir() if (path / "conda-meta").exists()]
    small = environment.prepare(wanted(python=PYTHON))
    assert run_code(small, "print('there')").strip() == "there"


# Whole, or not there -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("harm", ["no marker", "another marker", "broken marker", "no python"])
def test_what_is_not_whole_is_made_again(environment, harm):
    first = environment.prepare(PROBE)
    prefix = Path(first.variables["CONDA_PREFIX"])
    marker = prefix / MARKER
    if harm == "no marker":
        marker.unlink()
    elif harm == "no python":
        (prefix / "bin/python").unlink()
    else:
        marker.write_text(json.dumps({"digest": "x"}) if harm == "another marker" else "{")
    (prefix / "leftover").write_text("of a build that was interrupted")
    assert environment.prepare(PROBE) == first
    assert not (prefix / "leftover").exists()
    assert run_code(first, "import conda_probe; print(conda_probe.VERSION)").strip() == "2.0"


_PREPARES = """
import sys
from pathlib import Path
from hookline.entities import EnvironmentSpec
from hookline_env_conda.environment import CondaEnvironment
from hookline_env_conda.options import CondaOptions
options = CondaOptions(channels={"conda-forge": sys.argv[2]}, no_index=True)
spec = EnvironmentSpec("conda_env", python=sys.argv[3], settings={"conda": ("conda_probe",)})
print(CondaEnvironment(Path(sys.argv[1]), options).prepare(spec).variables["CONDA_PREFIX"])
"""


def preparing(folder: Path, channel: Channel) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _PREPARES, str(folder), channel.url, PYTHON]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_that_are_killed_while_they_make_one_leave_none(tmp_path, shared_channel, environment):
    """Killed as soon as the folder of the environment is there, some while later, and so on."""
    folder = tmp_path / "environments"
    killed = 0
    for wait in (0.0, 0.02, 0.05, 0.1, 0.2):
        shutil.rmtree(folder, ignore_errors=True)
        process = preparing(folder, shared_channel)
        while process.poll() is None and not list(folder.glob("*/conda-meta")):
            time.sleep(0.002)
        time.sleep(wait)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            killed += not list(folder.glob(f"*/{MARKER}"))
        process.communicate(timeout=60)
        prepared = environment.prepare(PROBE)
        code = "import conda_probe, json, sys; print(conda_probe.VERSION)"
        assert run_code(prepared, code).strip() == "2.0"
    assert killed, "no process was killed in the middle"


def test_several_processes_at_once_make_one(tmp_path, shared_channel):
    processes = [preparing(tmp_path / "environments", shared_channel) for _ in range(3)]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert len({out for out, _ in said}) == 1
    assert len(list((tmp_path / "environments").glob(f"*/{MARKER}"))) == 1
