"""Law 2: what starts does not load what it does not need. Counted in modules, since seconds belong to benchmarks/."""

import json
import os
import subprocess
import sys

import pytest

HEAVY = {
    "cattrs",
    "yaml",
    "sqlalchemy",
    "alembic",
    "numpy",
    "pandas",
    "sklearn",
    "starlette",
    "uvicorn",
    "matplotlib",
    "psutil",
}
PROBE = "import sys, json; before = set(sys.modules); {code}; print(json.dumps(sorted(set(sys.modules) - before)))"


def loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(code=code)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HOOKLINE_TRACKING_URI": ""},
    )
    return set(json.loads(done.stdout.strip().splitlines()[-1]))


def command(*words: str) -> str:
    arguments = ["hookline", *words]
    return (
        f"import contextlib, io; sys.argv = {arguments!r}; from hookline.__main__ import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main()\n"
        "print(json.dumps(sorted(set(sys.modules) - before))); sys.exit()"
    )


def test_import_hookline_loads_next_to_nothing():
    assert {each.partition(".")[0] for each in loaded("import hookline")} <= {"hookline", "importlib", "warnings"}
    assert len([each for each in loaded("import hookline") if each.startswith("hookline")]) == 1


@pytest.mark.parametrize("words", [("--version",), ("--help",)])
def test_the_command_line_loads_no_heavy_library(words):
    modules = loaded(command(*words))
    assert not {each.partition(".")[0] for each in modules} & HEAVY


def test_version_needs_no_library_at_all():
    modules = {each.partition(".")[0] for each in loaded(command("--version"))}
    assert not modules & {"click", "pluggy", "attr", "attrs", "importlib_metadata"}
    assert "importlib.metadata" not in loaded(command("--version"))


def test_help_loads_no_module_of_a_command():
    assert not {each for each in loaded(command("--help")) if each.startswith(("hookline.models", "hookline.projects"))}
    assert "hookline.workspace" not in loaded(command("--help"))


def test_the_public_face_names_every_fluent_function():
    import hookline
    import hookline.fluent

    assert set(hookline._FLUENT) == set(hookline.fluent.__all__)
    for name in dir(hookline):
        getattr(hookline, name)


def test_no_garbage_is_looked_for_when_a_command_is_done():
    probe = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 1000))\n"
        "sys.argv = ['hookline', '--help']; from hookline.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"
