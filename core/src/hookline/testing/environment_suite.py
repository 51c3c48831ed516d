"""The laws of environments: those that take what is there, and those that install what is asked for."""

import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from hookline.entities import EnvironmentSpec, PreparedEnvironment
from hookline.errors import ExecutionFailed, HooklineError, InvalidValue, Refused
from hookline.interfaces import Environment
from hookline.projects.programs import find_program
from hookline.system import run_process
from hookline.testing.suite import Suite

RunIn: TypeAlias = Callable[..., str]
PYTHON = ("python", "-s", "-c")
"""Not with `-I`, which would hide an environment that consists of variables, such as PYTHONPATH."""

_OUTSIDE: dict[str, str | None] = {"PYTHONPATH": None, "PYTHONSAFEPATH": "1"}


def write_wheel(folder: Path, name: str, version: str, *, requires: tuple[str, ...] = ()) -> Path:
    """Write a wheel of one module whose `VERSION` is its version, and return its path."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n\n\ndef main():\n    print(VERSION)\n",
        f"{info}/METADATA": metadata + "".join(f"Requires-Dist: {each}\n" for each in requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hookline\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    record = "".join(f"{each},,\n" for each in (*files, f"{info}/RECORD"))
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for each, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(each, text)
    return path


class EnvironmentSuite(Suite):
    """Laws of every environment. A subclass gives the fixture `make_environment`.

    Where programs of an environment do not run on this machine, it gives `run_in` as well; `own_specs` where it makes a
    `conda_env` or a `docker_env`.
    """

    kind = "environment"
    version = 1

    @pytest.fixture
    def wheels(self, tmp_path: Path) -> Path:
        """A folder with wheels: `probe` 1.0 and 2.0, and `outer` 1.0, which needs `probe`."""
        folder = tmp_path / "wheels"
        folder.mkdir()
        write_wheel(folder, "probe", "1.0")
        write_wheel(folder, "probe", "2.0")
        write_wheel(folder, "outer", "1.0", requires=("probe",))
        return folder

    @pytest.fixture
    def make_environment(self, wheels: Path) -> Callable[[Path], Environment]:
        """A function from a folder to the environment under test, which installs from `wheels` alone if it does."""
        raise NotImplementedError("Give the fixture `make_environment`: a function from a folder to an Environment.")

    @pytest.fixture
    def run_in(self) -> RunIn:
        """A function that runs a program of a prepared environment, and returns what it prints."""
        return run_here

    @pytest.fixture
    def own_specs(self) -> Mapping[str, EnvironmentSpec]:
        """By kind, specs that no other environment makes."""
        return {}

    @pytest.fixture
    def environment(self, make_environment: Callable[[Path], Environment], tmp_path: Path) -> Environment:
        """The environment under test, on an empty folder."""
        return make_environment(tmp_path / "environments")

    def test_python_is_the_environments(self, environment: Environment, run_in: RunIn) -> None:
        """`python` of a prepared environment runs, and is a Python 3."""
        prepared = environment.prepare(EnvironmentSpec())
        assert run_in(prepared, *PYTHON, "import sys; print(sys.version_info[0])").strip() == "3"

    def test_a_lock_pins_versions(self, environment: Environment) -> None:
        """Each line of a lock is `name==version`, and they are sorted."""
        lock = environment.prepare(EnvironmentSpec()).lock
        assert all(line.count("==") == 1 and not line.startswith(("-", "=")) for line in lock)
        assert list(lock) == sorted(lock)

    def test_preparing_again_gives_the_same(self, environment: Environment) -> None:
        """The same spec gives the same environment."""
        assert environment.prepare(EnvironmentSpec()) == environment.prepare(EnvironmentSpec())

    def test_what_it_does_not_provide_is_said(self, environment: Environment) -> None:
        """A requirement that nobody could meet is an error, or a note that names it; never silence."""
        spec = EnvironmentSpec("python_env", dependencies=("hookline-no-such-distribution==7.7",))
        try:
            said = " ".join(environment.prepare(spec).notes)
        except HooklineError as error:
            said = str(error)
        assert "hookline-no-such-distribution" in said

    @pytest.mark.parametrize("kind", ["conda_env", "docker_env"])
    def test_another_environments_business_is_said(
        self, environment: Environment, run_in: RunIn, own_specs: Mapping[str, EnvironmentSpec], kind: str
    ) -> None:
        """A kind of spec that it cannot make is `NotSupported` with an `--env` that would do, or a note."""
        if kind in own_specs:
            assert run_in(environment.prepare(own_specs[kind]), *PYTHON, "print(1)").strip() == "1"
            return
        settings = {"conda": ("r-base=4.3[build=x]",)} if kind == "conda_env" else {"image": "python:3.11"}
        try:
            said = " ".join(environment.prepare(EnvironmentSpec(kind, settings=settings)).notes)
        except HooklineError as error:
            said = str(error)
            assert "--env" in said
        assert said


class InstallingEnvironmentSuite(EnvironmentSuite):
    """Laws of environments that install what is asked for."""

    kind = "environment"
    version = 1

    def test_what_is_asked_for_is_there(self, environment: Environment, run_in: RunIn) -> None:
        """Requirements are installed with what they need, at the versions that are asked for."""
        prepared = environment.prepare(EnvironmentSpec("python_env", dependencies=("outer", "probe==1.0")))
        assert run_in(prepared, *PYTHON, "import outer, probe; print(outer.VERSION, probe.VERSION)").split() == [
            "1.0",
            "1.0",
        ]
        assert {"outer==1.0", "probe==1.0"} <= set(prepared.lock)
        assert prepared.digest

    def test_nothing_else_is_there(self, environment: Environment, run_in: RunIn) -> None:
        """The environment is closed: what this interpreter has besides is not in it."""
        prepared = environment.prepare(EnvironmentSpec())
        assert (
            run_in(prepared, *PYTHON, "import importlib.util; print(importlib.util.find_spec('hookline'))").strip()
            == "None"
        )

    def test_scripts_run_where_the_environment_lies(self, environment: Environment, run_in: RunIn) -> None:
        """Programs that a requirement brings are on its PATH and run."""
        prepared = environment.prepare(EnvironmentSpec("python_env", dependencies=("probe==2.0",)))
        assert run_in(prepared, "probe").strip() == "2.0"

    def test_build_requirements_and_constraints_hold(self, environment: Environment) -> None:
        """Build requirements are installed; constraints limit versions and install nothing by themselves."""
        spec = EnvironmentSpec("python_env", build_dependencies=("probe",), constraints=("probe<2", "outer<9"))
        prepared = environment.prepare(spec)
        assert "probe==1.0" in prepared.lock
        assert not any(line.startswith("outer") for line in prepared.lock)

    def test_markers_are_read(self, environment: Environment) -> None:
        """A requirement whose marker does not hold is left out."""
        lines = ("outer ; python_version < '3'", "probe ; python_version >= '3'")
        lock = environment.prepare(EnvironmentSpec("python_env", dependencies=lines)).lock
        assert [line.partition("==")[0] for line in lock if line.startswith(("outer", "probe"))] == ["probe"]

    def test_it_is_made_once(
        self, environment: Environment, make_environment: Callable[[Path], Environment], wheels: Path, tmp_path: Path
    ) -> None:
        """The same spec is found again, by another object too, and nothing is installed for it."""
        spec = EnvironmentSpec("python_env", dependencies=("probe",))
        first = environment.prepare(spec)
        for wheel in wheels.iterdir():
            wheel.unlink()
        assert make_environment(tmp_path / "environments").prepare(spec) == first

    def test_another_spec_is_another_environment(self, environment: Environment, run_in: RunIn) -> None:
        """Different requirements have different digests and do not disturb one another."""
        one, two = (
            environment.prepare(EnvironmentSpec("python_env", dependencies=(f"probe=={version}",)))
            for version in ("1.0", "2.0")
        )
        assert one.digest != two.digest
        assert [run_in(each, *PYTHON, "import probe; print(probe.VERSION)").strip() for each in (one, two)] == [
            "1.0",
            "2.0",
        ]

    def test_a_failed_installation_leaves_nothing_behind(self, environment: Environment, wheels: Path) -> None:
        """What could not be made is an `ExecutionFailed`; asked for again when it can be, it is made."""
        spec = EnvironmentSpec("python_env", dependencies=("late==1.0",))
        for _ in range(2):
            with pytest.raises(ExecutionFailed, match="late"):
                environment.prepare(spec)
        write_wheel(wheels, "late", "1.0")
        assert "late==1.0" in environment.prepare(spec).lock

    def test_several_at_once_make_one(
        self, make_environment: Callable[[Path], Environment], run_in: RunIn, tmp_path: Path
    ) -> None:
        """Those who ask at the same time all get the same whole environment."""
        spec = EnvironmentSpec("python_env", dependencies=("outer",))
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(make_environment(tmp_path / "environments").prepare, spec) for _ in range(4)]
            prepared = [each.result() for each in asked]
        assert all(each == prepared[0] for each in prepared)
        assert run_in(prepared[0], *PYTHON, "import outer; print(outer.VERSION)").strip() == "1.0"

    @pytest.mark.parametrize(
        "line",
        [
            "--index-url https://example.org/simple",
            "--extra-index-url=https://example.org/simple",
            "-i https://example.org/simple",
            "--find-links /tmp",
            "--trusted-host example.org",
            "-e .",
            "--editable=.",
            "-r other.txt",
            ".",
            "./local",
            "../outside",
            "/srv/local",
            "local-1.0-py3-none-any.whl",
            "git+https://example.org/x.git",
            "probe @ git+https://example.org/x.git",
            "probe @ https://example.org/probe.whl",
            "probe @ file:///srv/probe.whl",
            "https://example.org/probe.whl",
            "probe --global-option=x",
            "probe --config-settings x=y",
            "probe; touch x",
            "probe && touch x",
            "probe\n--index-url https://example.org/simple",
            "$(touch x)",
            "",
        ],
    )
    @pytest.mark.parametrize("field", ["dependencies", "build_dependencies", "constraints"])
    def test_a_line_that_chooses_where_to_install_from_is_refused(
        self, environment: Environment, tmp_path: Path, field: str, line: str
    ) -> None:
        """Options, paths, URLs and direct references are refused, by a text with the line, before anything is made."""
        lines: dict[str, Any] = {field: (line,)}
        with pytest.raises((Refused, InvalidValue)) as caught:
            environment.prepare(EnvironmentSpec("python_env", **lines))
        assert repr(line) in str(caught.value)
        assert not list((tmp_path / "environments").glob("*/*"))

    def test_a_python_that_is_not_installed_is_said(self, environment: Environment) -> None:
        """A version that nobody has is an error that names it, never another version in silence."""
        with pytest.raises(HooklineError, match=r"2\.1"):
            environment.prepare(EnvironmentSpec("python_env", python="2.1"))


def run_here(prepared: PreparedEnvironment, *argv: str) -> str:
    """Run a program of a prepared environment on this machine, outside any project, and return what it prints."""
    here = next((str(each / argv[0]) for each in prepared.path_prefix if (each / argv[0]).exists()), argv[0])
    program = find_program(argv[0], prepared) if argv[0] == "python" else here
    return run_process([program, *argv[1:]], variables={**_OUTSIDE, **prepared.variables})


def run_code(prepared: PreparedEnvironment, code: str) -> str:
    """Run Python code in an environment whose programs run on this machine, and return what it prints."""
    return run_here(prepared, *PYTHON, code)
