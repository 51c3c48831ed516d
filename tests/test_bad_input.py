"""Whatever is wrong gives one clear text and the right exit code, and leaves nothing half done."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

DIABETES = str(ROOT / "examples" / "diabetes")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", DIABETES, "-P", "alpha=high"], 2, r"alpha.*float.*high"),
        (["run", DIABETES, "-P", "alpha"], 2, r"alpha"),
        (["run", DIABETES, "-e", "nope"], 1, r"nope.*\n?.*main"),
        (["run", DIABETES, "--backend", "slurm"], 2, r"backend 'slurm'.*\n.*local"),
        (["run", DIABETES, "--env", "nix"], 2, r"environment 'nix'.*\n.*current"),
        (["run", "no/such/folder"], 1, r"no/such/folder"),
        (["runs", "search", "metrics.rmse <"], 2, r"\n +\^"),
        (["runs", "search", "metrics.rmse < 'x'"], 2, r"\^"),
        (["runs", "search", "params.a = 1 OR params.b = 2"], 2, r"\^"),
        (["runs", "search", "--order-by", "metrics.x SIDEWAYS"], 2, r"\^"),
        (["runs", "show", "0123456789abcdef"], 1, r"0123456789abcdef"),
        (["models", "inspect", "no/model/here"], 1, r"no/model/here"),
        (["models", "inspect", "runs:/abc/model"], 1, r"abc"),
        (["models", "inspect", "models:/wine/1"], 1, r"wine"),
        (["models", "inspect", "models:/wine@champion"], 1, r"wine"),
        (["models", "score", "no/model", "-i", "missing.csv", "-o", "out.csv"], (1, 2), r"missing\.csv|no/model"),
        (["experiments", "show", "nope"], 1, r"nope"),
        (["deployments", "create", "x", "-m", "no/model", "-t", "mars"], 2, r"target 'mars'"),
        (
            ["deployments", "show", "wine"],
            1,
            r"'wine' at the target 'local', nor any other.*hookline deployments create",
        ),
        (["models", "show", "wine"], 1, r"No model is registered yet.*hookline models register runs:/RUN_ID/NAME wine"),
        (["artifacts", "log", "0123abcd", "no.csv"], 2, r"no\.csv"),
        (["--tracking-uri", "postgres://x/y", "runs", "search"], 2, r"postgres"),
        (["plugins", "show", "nope"], 1, r"nope"),
        (["nonsense"], 2, r"nonsense"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_gets_a_clear_text(hookline_command, words, code, said):
    codes = code if isinstance(code, tuple) else (code,)
    for each in codes:
        try:
            hookline_command(*words, code=each)
            break
        except AssertionError:
            if each == codes[-1]:
                raise
    assert re.search(said, hookline_command.said), hookline_command.said


UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
"""Before a command, takes from root what no other user has: to read what nobody may read."""


@pytest.mark.parametrize(("below", "mode"), [("", 0), ("", 0o444), ("below", 0)])
def test_a_folder_that_may_not_be_read_is_named_with_what_to_do(tmp_path, below, mode):
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may read everything, and setpriv is not there to change that")
    (tmp_path / "inner" / "below").mkdir(parents=True)
    (tmp_path / "inner" / "MLproject").write_text("name: x\n")
    closed = tmp_path / "inner"
    words = [sys.executable, "-m", "hookline", "run", str(closed / below)]
    closed.chmod(mode)
    try:
        done = subprocess.run(
            [*(UNPRIVILEGED if os.geteuid() == 0 else []), *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        closed.chmod(0o755)
    assert done.returncode == 1, done
    assert re.search(rf"{re.escape(str(closed))}.*cannot be (read|opened): Permission denied.*chmod", done.stderr), done
    assert "Traceback" not in done.stderr


def test_a_missing_parameter_is_named(hookline_command):
    (hookline_command.folder / "MLproject").write_text(
        "name: x\nentry_points:\n  main:\n    parameters: {a: float, b: path}\n    command: python -c pass {a} {b}\n"
    )
    hookline_command("run", ".", code=2)
    assert re.search(r"'?a'?.*'?b'?", hookline_command.said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tracking: [broken\n", r"hookline\.yaml:\d+:\d+.*YAML"),
        ("traking: x\n", r"hookline\.yaml:1.*'traking'.*did you mean 'tracking'"),
        ("version: 1\nmodels:\n  pickle: sometimes\n", r"hookline\.yaml:3.*models\.pickle"),
        ("tracking: ${NOT_SET_ANYWHERE}\n", r"hookline\.yaml:1.*NOT_SET_ANYWHERE"),
        ("- a\n- b\n", r"hookline\.yaml"),
    ],
)
def test_a_broken_configuration_names_the_place(hookline_command, text, said):
    (hookline_command.folder / "hookline.yaml").write_text(text)
    hookline_command("runs", "search", code=2)
    assert re.search(said, hookline_command.said), hookline_command.said


def test_an_mlflow_database_is_not_touched(hookline_command):
    file = hookline_command.folder / "mlflow.db"
    with sqlite3.connect(file) as database:
        database.executescript(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);"
            "INSERT INTO alembic_version VALUES ('f4a9b2c7d1e6');"
            "CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name VARCHAR(256));"
            "CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY);"
            "CREATE TABLE metrics (key VARCHAR(250), run_uuid VARCHAR(32));"
        )
    database.close()
    before = file.read_bytes()
    hookline_command("runs", "search", code=1, MLFLOW_TRACKING_URI=f"sqlite:///{file}")
    assert "MLflow" in hookline_command.said
    assert file.read_bytes() == before
    assert sorted(each.name for each in hookline_command.folder.iterdir()) == ["mlflow.db"]


def test_a_failing_project_ends_its_run_failed(hookline_command):
    (hookline_command.folder / "MLproject").write_text(
        "name: x\nentry_points:\n  main:\n    command: python -c 'import sys; print(7); sys.exit(3)'\n"
    )
    hookline_command("run", ".", code=1)
    assert "3" in hookline_command.said
    (run,) = json.loads(hookline_command("runs", "search", "--json"))
    assert run["info"]["status"] == "FAILED"


def test_a_command_that_is_killed_has_failed(hookline_command):
    (hookline_command.folder / "MLproject").write_text("name: x\nentry_points: {main: {command: python main.py}}\n")
    code = "import os; print('begun', flush=True); os.kill(os.getpid(), 9)"
    (hookline_command.folder / "main.py").write_text(code)
    hookline_command("run", ".", code=1)
    assert "The command was ended by signal 9." in hookline_command.said
    (run,) = json.loads(hookline_command("runs", "search", "--json"))
    assert run["info"]["status"] == "FAILED"


def test_a_tampered_model_is_refused(trained, hookline_command, tmp_path):
    identifier = json.loads(trained("runs", "search", "--json"))[0]["info"]["run_id"]
    trained("artifacts", "download", identifier, "model", "-d", str(tmp_path / "got"))
    (document,) = (tmp_path / "got").rglob("MLmodel")
    requirements = document.parent / "requirements.txt"
    requirements.write_text(requirements.read_text() + "evil\n")
    (trained.folder / "x.csv").write_text("age\n1\n")
    trained("models", "score", str(document.parent), "-i", "x.csv", "-o", "y.csv", code=1)
    assert "requirements.txt" in trained.said
