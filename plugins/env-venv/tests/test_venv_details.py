"""What the laws of every environment leave open: Python versions, uv.lock, conda's spelling, half-built folders."""

import functools
import hashlib
import http.server
import json
import os
import platform
import re
import shutil
import sys
import threading
from importlib.metadata import distributions

import pytest

from hookline.entities import EnvironmentSpec
from hookline.errors import ExecutionFailed, InvalidValue, NotFound, NotSupported, Refused
from hookline.system import run_process
from hookline.testing.environment_suite import run_code, write_wheel
from hookline_env_venv import uv as uv_module
from hookline_env_venv import virtualenv as virtualenv_module
from hookline_env_venv.building import MARKER, Recipe
from hookline_env_venv.conda import as_requirements
from hookline_env_venv.current import CurrentEnvironment
from hookline_env_venv.options import VenvOptions
from hookline_env_venv.pythons import Interpreter, find_interpreter
from hookline_env_venv.uv import UvEnvironment, find_uv
from hookline_env_venv.virtualenv import VirtualenvEnvironment
from hookline_lib_requirements.installed import present_lines

HERE = platform.python_version()
MINOR = ".".join(HERE.split(".")[:2])


@pytest.fixture
def wheels(tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        write_wheel(folder, "probe", version)
    return folder


@pytest.fixture
def options(wheels):
    return VenvOptions(find_links=[str(wheels)], no_index=True)


# Interpreters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [None, HERE, MINOR, f">={MINOR}", "3", f"=={MINOR}.*", f"~={MINOR}"])
def test_the_present_interpreter_where_it_will_do(wanted):
    found = find_interpreter(wanted)
    assert (str(found.path), found.version, found.note) == (sys.executable, HERE, None)


def fake_python(folder, name, version):
    folder.mkdir(exist_ok=True)
    body = f"#!/bin/sh\necho '{json.dumps([version, 'CPython'])}'\n" if version else "#!/bin/sh\nexit 127\n"
    (folder / name).write_text(body, encoding="utf-8")
    (folder / name).chmod(0o755)
    return folder / name


@pytest.fixture
def pythons(tmp_path, monkeypatch):
    """Programs that say of themselves to be other Pythons, behind a shim that leads nowhere."""
    fake_python(tmp_path / "shims", "python3.9", None)
    found = {version: fake_python(tmp_path / "bin", f"python3.{version.split('.')[1]}", version) for version in OTHERS}
    monkeypatch.setenv("PATH", f"{tmp_path}/shims{os.pathsep}{tmp_path}/bin{os.pathsep}/bin:/usr/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "no-pyenv"))
    return found


OTHERS = ("3.8.2", "3.9.5", "3.10.4")


@pytest.mark.parametrize(
    ("wanted", "expected", "noted"),
    [
        ("3.9", "3.9.5", False),
        ("3.9.5", "3.9.5", False),
        ("3.9.1", "3.9.5", True),
        ("<3.10", "3.9.5", False),
        (">=3.8,<3.9", "3.8.2", False),
        ("3.10.*", "3.10.4", False),
        ("==3.8.2", "3.8.2", False),
    ],
)
def test_another_interpreter_is_found_on_path(pythons, wanted, expected, noted):
    found = find_interpreter(wanted)
    assert (found.path, found.version) == (pythons[expected], expected)
    assert (found.note is not None) == noted
    assert not noted or ("3.9.1" in found.note and "3.9.5" in found.note)


def test_a_python_that_nobody_has_lists_those_there_are(pythons):
    with pytest.raises(NotFound, match=f"No Python >=3.8,<3.8.2 is installed; looked at: {HERE}, 3.8.2.*--env current"):
        find_interpreter(">=3.8,<3.8.2")


@pytest.mark.parametrize("wanted", ["three", "3.11; touch x", "-c", "3.9|3.10", "$(x)"])
def test_what_is_no_version_is_an_error(wanted):
    with pytest.raises(InvalidValue, match="no Python version"):
        find_interpreter(wanted)


def test_an_environment_of_another_python_is_one(tmp_path, options):
    """With a real other interpreter, where this machine has one."""
    others = [f"3.{minor}" for minor in range(9, 15) if f"3.{minor}" != MINOR]
    found = None
    for wanted in others:
        try:
            found = find_interpreter(wanted)
            break
        except NotFound:
            continue
    if found is None:
        pytest.skip("this machine has no other Python")
    spec = EnvironmentSpec("python_env", python=wanted, dependencies=("probe",))
    prepared = UvEnvironment(tmp_path / "uv", options).prepare(spec)
    said = run_code(prepared, "import platform, probe; print(platform.python_version(), probe.VERSION)").split()
    assert said == [found.version, "2.0"]


# uv ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def index(tmp_path, wheels):
    """A package index as static pages, with digests, behind a real HTTP server on the loopback address; its URL."""
    write_wheel(wheels, "probe_dev_only", "1.0")
    for name in ("probe", "probe-dev-only"):
        folder = tmp_path / "index" / "simple" / name
        folder.mkdir(parents=True)
        links = []
        for wheel in sorted(wheels.glob(f"{name.replace('-', '_')}-*.whl")):
            shutil.copy(wheel, folder)
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            links.append(f'<a href="{wheel.name}#sha256={digest}">{wheel.name}</a>')
        (folder / "index.html").write_text(
            f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>", encoding="utf-8"
        )

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(tmp_path / "index"))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def from_index(index):
    return VenvOptions(index_url=index)


@pytest.fixture
def locked(tmp_path, index):
    """A project with a real `uv.lock` that pins the older version, which its `pyproject.toml` asks for no longer."""
    project = tmp_path / "project"
    project.mkdir()
    text = (
        "[project]\nname = 'locked'\nversion = '1'\nrequires-python = '>=3.9'\ndependencies = ['probe<2']\n"
        "[dependency-groups]\ndev = ['probe-dev-only']\n"
    )
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    run_process([find_uv(), "lock", "--quiet", "--index-url", index], folder=project)
    (project / "pyproject.toml").write_text(text.replace("probe<2", "probe"), encoding="utf-8")
    return EnvironmentSpec("pyproject", project / "pyproject.toml", ">=3.9", (), ("probe",))


def test_a_uv_lock_pins_what_uv_installs(tmp_path, locked, from_index):
    recipe = UvEnvironment(tmp_path / "uv", from_index).recipe(locked)
    assert [line.split(" --hash=sha256:")[0] for line in recipe.requirements] == ["probe==1.0"]
    assert "--hash=sha256:" in recipe.requirements[0]
    assert UvEnvironment(tmp_path / "uv", from_index).prepare(locked).lock == ("probe==1.0",)


def test_a_wheel_that_is_not_the_locked_one_is_not_installed(tmp_path, locked, options, wheels):
    (wheels / "probe-1.0-py3-none-any.whl").unlink()
    write_wheel(wheels, "probe", "1.0", requires=("probe>0",))
    with pytest.raises(ExecutionFailed, match=r"(?i)hash"):
        UvEnvironment(tmp_path / "uv", options).prepare(locked)


def test_another_lock_is_another_environment(tmp_path, locked, from_index):
    environment = UvEnvironment(tmp_path / "uv", from_index)
    before = environment.prepare(locked).digest
    (locked.file.parent / "uv.lock").unlink()
    assert environment.prepare(locked).digest != before


def test_a_lock_that_leads_elsewhere_is_refused(tmp_path, locked, from_index):
    lock = locked.file.parent / "uv.lock"
    source = 'source = { git = "https://example.org/probe.git?rev=x#' + "0" * 40 + '" }'
    block = re.compile(r'(name = "probe"\nversion = "1.0"\n).*?(?=\n\[\[|\Z)', re.DOTALL)
    changed, count = block.subn(rf"\1{source}\n", lock.read_text(encoding="utf-8"))
    assert count == 1
    lock.write_text(changed, encoding="utf-8")
    with pytest.raises(Refused, match=r"uv\.lock: .*git\+https"):
        UvEnvironment(tmp_path / "uv", from_index).prepare(locked)


def test_virtualenv_says_that_it_does_not_read_a_uv_lock(tmp_path, locked, options):
    prepared = VirtualenvEnvironment(tmp_path / "virtualenv", options).prepare(locked)
    assert "probe==2.0" in prepared.lock
    assert "uv.lock" in " ".join(prepared.notes)


def test_without_uv_virtualenv_makes_the_environment_and_says_so(tmp_path, options, monkeypatch):
    monkeypatch.setattr(uv_module, "find_uv", lambda: None)
    prepared = UvEnvironment(tmp_path / "uv", options).prepare(EnvironmentSpec("python_env", dependencies=("probe",)))
    assert "probe==2.0" in prepared.lock
    assert "uv is not installed" in " ".join(prepared.notes)


def test_without_uv_a_lock_says_what_to_install(tmp_path, locked, options, monkeypatch):
    monkeypatch.setattr(uv_module, "find_uv", lambda: None)
    with pytest.raises(NotSupported, match="pip install uv"):
        UvEnvironment(tmp_path / "uv", options).prepare(locked)


def test_without_virtualenv_venv_makes_the_environment(tmp_path, options, monkeypatch):
    monkeypatch.setattr(virtualenv_module, "find_spec", lambda name: None)
    prepared = VirtualenvEnvironment(tmp_path / "v", options).prepare(
        EnvironmentSpec("python_env", dependencies=("probe",))
    )
    assert run_code(prepared, "import probe; print(probe.VERSION)").strip() == "2.0"


# Building ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [UvEnvironment, VirtualenvEnvironment])
def test_what_was_half_built_is_never_used(tmp_path, options, kind):
    """As after a crash: a folder under construction, and one in place without its marker."""
    environment = kind(tmp_path / "e", options)
    spec = EnvironmentSpec("python_env", dependencies=("probe==1.0",))
    digest = environment.recipe(spec).digest(environment.tool, options)
    for name in (f"{digest[:32]}.building", digest[:32]):
        (tmp_path / "e" / name / "bin").mkdir(parents=True)
        (tmp_path / "e" / name / "bin" / "python").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    prepared = environment.prepare(spec)
    assert run_code(prepared, "import probe; print(probe.VERSION)").strip() == "1.0"
    assert sorted(each.name for each in (tmp_path / "e").iterdir()) == [digest[:32], f"{digest[:32]}.lock"]


def test_an_environment_whose_interpreter_is_gone_is_made_again(tmp_path, options):
    environment = UvEnvironment(tmp_path / "e", options)
    spec = EnvironmentSpec("python_env", dependencies=("probe",))
    prepared = environment.prepare(spec)
    python = prepared.path_prefix[0] / "python"
    python.unlink()
    python.symlink_to(tmp_path / "gone")
    assert environment.prepare(spec) == prepared
    assert run_code(prepared, "import probe; print(probe.VERSION)").strip() == "2.0"


def test_no_file_names_the_place_of_the_building(tmp_path, options):
    prepared = VirtualenvEnvironment(tmp_path / "e", options).prepare(
        EnvironmentSpec("python_env", dependencies=("probe",))
    )
    folder = prepared.path_prefix[0].parent
    texts = [each for each in (*folder.glob("bin/*"), folder / "pyvenv.cfg") if each.is_file()]
    assert [each.name for each in texts if b".building" in each.read_bytes()] == []
    assert json.loads((folder / MARKER).read_text(encoding="utf-8"))["digest"] == prepared.digest


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ({}, {}, True),
        ({}, {"notes": ("x",)}, True),
        ({}, {"requirements": ("a",)}, False),
        ({"requirements": ("a",)}, {"build_requirements": ("a",)}, False),
        ({"requirements": ("a",)}, {"constraints": ("a",)}, False),
    ],
)
def test_digests(one, two, same):
    here = Interpreter(shutil.which("sh"), "3.11.7", "CPython")
    other_place = Interpreter("/elsewhere/python", "3.11.7", "CPython")
    first, second = Recipe(here, **one), Recipe(other_place, **two)
    assert (first.digest("uv", VenvOptions()) == second.digest("uv", VenvOptions())) == same
    assert first.digest("uv", VenvOptions()) != first.digest("virtualenv", VenvOptions())
    assert first.digest("uv", VenvOptions()) != first.digest("uv", VenvOptions(index_url="x"))
    newer = Recipe(Interpreter("/elsewhere/python", "3.11.8", "CPython"), **one)
    assert first.digest("uv", VenvOptions()) != newer.digest("uv", VenvOptions())


def test_a_failure_names_no_secret(tmp_path):
    options = VenvOptions(index_url="http://me:hunter2@127.0.0.1:9/simple", timeout=120)
    with pytest.raises(ExecutionFailed) as caught:
        UvEnvironment(tmp_path / "e", options).prepare(EnvironmentSpec("python_env", dependencies=("probe",)))
    assert "could not be made" in str(caught.value)
    assert "hunter2" not in str(caught.value)


# Lines ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy=1.26.*", "numpy==1.26.*"),
        ("numpy 1.26", "numpy==1.26.*"),
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy=1.26.4=py311h1_0", "numpy==1.26.4"),
        ("conda-forge::numpy>=1.20,<2", "numpy>=1.20,<2"),
    ],
)
def test_condas_packages(package, expected):
    assert as_requirements([package, "pip<=24", "setuptools"], "conda.yaml") == (expected,)


@pytest.mark.parametrize("package", ["numpy[build=x]", "numpy=1.2|1.3", "", "-c x"])
def test_condas_packages_without_a_counterpart(package):
    with pytest.raises(NotSupported, match="--env current"):
        as_requirements([package], "conda.yaml")


def test_a_conda_env_by_uv(tmp_path, options):
    spec = EnvironmentSpec("conda_env", python=MINOR, settings={"conda": ("probe=1.0", "pip")})
    prepared = UvEnvironment(tmp_path / "e", options).prepare(spec)
    assert prepared.lock == ("probe==1.0",)
    assert "probe==1.0.*" in prepared.notes[0]


# The present environment ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"dependencies": ("attrs>=1", "hookline-core")}, []),
        ({"dependencies": ("attrs<1", "no-such-thing>2", "attrs")}, ["attrs<1 (", "no-such-thing>2 (it is not inst"]),
        ({"dependencies": ("no-such-thing; python_version < '3'",)}, []),
        ({"python": HERE}, []),
        ({"python": ">=3.0"}, []),
        ({"python": "3.2"}, [f"Python 3.2 (this is {HERE})"]),
        ({"python": "nonsense"}, ["Python nonsense"]),
        ({"dependencies": ("-e .",)}, ["-e . (it cannot be compared)"]),
    ],
)
def test_what_the_present_environment_lacks_is_said(tmp_path, fields, named):
    spec = EnvironmentSpec("python_env", tmp_path / "python_env.yaml", **fields)
    notes = CurrentEnvironment(tmp_path, None).prepare(spec).notes
    assert len(notes) == bool(named)
    assert [each for each in named if each not in notes[0]] == []
    assert not named or ("--env uv" in notes[0] and "python_env.yaml" in notes[0])


def test_the_lock_of_the_present_environment_agrees_with_pythons_own_list():

    names = {
        each.metadata["Name"].lower().replace("_", "-").replace(".", "-"): each.version for each in distributions()
    }
    assert dict(line.split("==") for line in present_lines()) == names
