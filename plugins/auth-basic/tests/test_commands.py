"""`hookline auth`, and a server with the users that it made: by our own client, with a password and with a token."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
from auth_servers import PASSWORD

from hookline import Config, Workspace
from hookline.cli.output import moment
from hookline.errors import HooklineError, NotFound, Refused
from hookline.search import RUNS, parse

POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")


def clean(**variables):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HOOKLINE_", "MLFLOW_"))}
    return {**kept, **variables}


def hookline(folder, *words, given="", code=0):
    command = [sys.executable, "-m", "hookline", *words]
    done = subprocess.run(
        command, cwd=folder, env=clean(), input=given, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout


def create(folder, name, *options):
    return hookline(folder, "auth", "users", "create", name, "--password-file", "-", *options, given=f"{PASSWORD}\n")


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    (folder / "hookline.yaml").touch()
    return folder


@contextmanager
def server(folder, *options):
    command = [sys.executable, "-m", "hookline", "server", "--port", "0", "--json", "--auth", "auth-basic", *options]
    process = subprocess.Popen(command, cwd=folder, env=clean(), stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")["url"]
    finally:
        process.kill()
        process.communicate(timeout=60)


def test_users_are_added_listed_changed_and_removed(home):
    assert "administrator 'root'" in create(home, "root", "--admin")
    create(home, "jane")
    listed = json.loads(hookline(home, "auth", "users", "list", "--json"))
    assert [(each["username"], each["is_admin"]) for each in listed] == [("jane", False), ("root", True)]
    assert "password" not in json.dumps(listed)
    hookline(home, "auth", "users", "admin", "jane")
    hookline(home, "auth", "users", "admin", "root", "--no")
    secret = home / "secret"
    secret.write_text("another long password\nnot this line\n", encoding="utf-8")
    hookline(home, "auth", "users", "password", "jane", "--password-file", str(secret))
    hookline(home, "auth", "users", "delete", "root", "--yes")
    assert [each["username"] for each in json.loads(hookline(home, "auth", "users", "list", "--json"))] == ["jane"]


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        (["users", "create", "jane", "--password-file", "-"], "short\n", "12 to 1024"),
        (["users", "create", "a b", "--password-file", "-"], f"{PASSWORD}\n", "user name"),
        (["users", "create", "jane", "--password-file", "missing"], "", "from 'missing': No such file or directory.\n"),
        (["users", "create", "jane"], "", "no terminal to ask for the password on: give --password-file FILE"),
        (["users", "password", "nobody", "--password-file", "-"], f"{PASSWORD}\n", "not found"),
        (["users", "delete", "nobody", "--yes"], "", "not found"),
        (["permissions", "grant", "jane", "EDIT"], "", "--experiment"),
        (["permissions", "grant", "jane", "EDIT", "--experiment", "missing"], "", "missing"),
        (["permissions", "grant", "nobody", "EDIT", "--experiment", "Default"], "", "not found"),
        (["tokens", "revoke", "jane", "x"], "", "no token"),
        (["tokens", "create", "nobody"], "", "not found"),
    ],
)
def test_a_mistake_is_one_clear_line(home, words, given, said):
    command = [sys.executable, "-m", "hookline", "auth", *words]
    done = subprocess.run(
        command, cwd=home, env=clean(), input=given, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert PASSWORD not in done.stderr


def test_what_is_not_there_is_no_mistake_in_the_words(home):
    create(home, "jane")
    said = hookline(home, "auth", "permissions", "grant", "jane", "EDIT", "--experiment", "wine", code=1)
    assert "There is no experiment 'wine'. `hookline experiments list` lists them." in said


def test_users_are_looked_after_where_the_server_keeps_its_runs(home):
    said = hookline(home, "--tracking-uri", "http://127.0.0.1:1", "auth", "users", "list", code=1)
    assert "http://127.0.0.1:1 keeps no users. They are looked after where the server keeps its runs" in said


def test_a_password_is_no_argument(home):
    said = hookline(home, "auth", "users", "create", "jane", "--password", PASSWORD, code=2)
    assert "--password-file" in said


def at(folder, url, environment, monkeypatch):
    """A workspace whose tracking store is the server, as somebody with these variables has it."""
    folder.mkdir(exist_ok=True)
    for name in [each for each in os.environ if each.startswith(("HOOKLINE_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    given = {"tracking": {"uri": url}, "journal": {"folder": str(folder / "journals")}}
    return Workspace(Config.from_mapping(given, home=folder))


@POSIX
@pytest.mark.parametrize("kind", ["password", "token"])
def test_our_own_client_tracks_as_far_as_its_user_may(tmp_path, home, monkeypatch, kind):
    create(home, "root", "--admin")
    for name in ("jane", "mallory"):
        create(home, name)
    with server(home, "--auth-option", "default_permission=NO_PERMISSIONS") as url:

        def known_as(name):
            if kind == "token":
                token = hookline(home, "auth", "tokens", "create", name).strip()
                return {"HOOKLINE_TRACKING_TOKEN": token}
            return {"HOOKLINE_TRACKING_USERNAME": name, "HOOKLINE_TRACKING_PASSWORD": PASSWORD}

        with at(tmp_path / "jane", url, known_as("jane"), monkeypatch) as workspace:
            with workspace.start_run(experiment_name="wine") as run:  # the experiment becomes hers
                run.log_metric("loss", 1.0, step=1)
                run.log_param("depth", 3)
                run.log_text("hello", "a.txt")
            run_id = run.info.run_id
            record = workspace.tracking.get_run(run_id)
            assert (record.data.params, record.data.metrics) == ({"depth": "3"}, {"loss": 1.0})
            experiment_id = record.info.experiment_id
            assert list(workspace.tracking.search_runs([experiment_id], parse(RUNS, "")).items)
            with pytest.raises(NotFound):
                workspace.tracking.get_experiment("0")
        with at(tmp_path / "mallory", url, known_as("mallory"), monkeypatch) as workspace:
            assert list(workspace.tracking.search_runs([experiment_id], parse(RUNS, "")).items) == []
            with pytest.raises(NotFound):
                workspace.tracking.get_run(run_id)
            with pytest.raises(HooklineError):
                workspace.artifacts.locate(record.info.artifact_uri, "a.txt").store.open(
                    f"{experiment_id}/{run_id}/artifacts/a.txt"
                )
        hookline(home, "auth", "permissions", "grant", "mallory", "READ", "--experiment", "wine")
        (row,) = json.loads(hookline(home, "auth", "permissions", "list", "mallory", "--json"))
        assert row == {"kind": "experiment", "thing": experiment_id, "permission": "READ"}
        with at(tmp_path / "mallory", url, known_as("mallory"), monkeypatch) as workspace:
            assert workspace.tracking.get_run(run_id).data.metrics == {"loss": 1.0}
            with pytest.raises(Refused):
                workspace.tracking.delete_tag(run_id, "mlflow.runName")
        nobody = at(tmp_path / "nobody", url, {}, monkeypatch)
        with nobody as workspace, pytest.raises(Refused, match="HOOKLINE_TRACKING_TOKEN"):
            workspace.tracking.get_experiment("0")


@POSIX
def test_a_server_says_which_options_its_users_have(home):
    command = [sys.executable, "-m", "hookline", "server", "--auth", "auth-basic", "--auth-option"]
    wrong = {"default_permission=ALL": "NO_PERMISSIONS", "defaults=READ": "defaults", "failures=0": "failures"}
    for option, said in wrong.items():
        done = subprocess.run(
            [*command, option], cwd=home, env=clean(), capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_times_are_shown_as_a_person_reads_them(home):
    create(home, "jane")
    hookline(home, "auth", "tokens", "create", "jane", "--days", "1")
    for noun, name in (("users", []), ("tokens", ["jane"])):
        (row,) = json.loads(hookline(home, "auth", noun, "list", *name, "--json"))
        shown = hookline(home, "auth", noun, "list", *name)
        assert row["created"] > 10**12
        assert str(row["created"]) not in shown
        assert moment(row["created"]) in shown
