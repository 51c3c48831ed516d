"""`hookline models serve`, run as a person runs it."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from hookline.system import process_is_alive
from hookline_deploy_local.command import example_command


@pytest.fixture
def saved(workspace, recipes, tmp_path):
    """Save a recipe with an example and give its folder."""

    def save(does="sum", **options):
        folder = tmp_path / f"model-{does}"
        example = pd.DataFrame({"x": [1.0], "it's": [2.0]}) if does == "sum" else None
        workspace.save_model(recipes.Recipe(does), folder, input_example=example, **options)
        return folder

    return save


@pytest.fixture
def hookline(tmp_path, recipes):
    """Start the command line in an empty folder; what still runs is ended after the test."""
    started = []
    folder = tmp_path / "work"
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HOOKLINE_", "MLFLOW_"))}
    # A model that was saved by another process, and a store that keeps nothing: no record vouches for it.
    environment["HOOKLINE_TRACKING_URI"] = "nowhere:"

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "-m", "hookline", *map(str, words)],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def announced(process):
    """Return the URL and the example command that a server prints."""
    first, example = process.stdout.readline(), process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", first)
    assert found, first + process.stderr.read()
    return found[0], example.strip()


def ended(process, number):
    """Send a signal and return (exit code, stdout, stderr)."""
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def children_of(pid):
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def asked(url, body, path="/invocations"):
    import urllib.request

    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_says_where_and_stops_cleanly(hookline, saved, number):
    process = hookline("models", "serve", saved(), "--port", 0)
    url, example = announced(process)
    words = shlex.split(example)
    assert words[:2] == ["curl", f"{url}/invocations"]
    assert asked(url, json.loads(words[-1])) == {"predictions": [{"0": 3.0}]}
    code, out, err = ended(process, number)
    assert (code, out) == (0, "")
    assert "Traceback" not in err
    assert err.strip().endswith("Stopped.")


def test_workers_share_the_port_and_end_with_the_command(hookline, saved):
    process = hookline("models", "serve", saved("pid"), "--port", 0, "--workers", 2)
    url, _example = announced(process)
    workers = set(children_of(process.pid))
    assert len(workers) == 2
    seen = set()
    deadline = time.monotonic() + 30
    while seen != workers and time.monotonic() < deadline:
        seen.update(asked(url, {"inputs": [1]})["predictions"])
    assert seen == workers
    code, _out, err = ended(process, signal.SIGINT)
    assert code == 0, err
    assert [each for each in workers if process_is_alive(each)] == []


def test_workers_do_not_outlive_a_command_that_was_killed(hookline, saved):
    process = hookline("models", "serve", saved("pid"), "--port", 0, "--workers", 2)
    announced(process)
    workers = children_of(process.pid)
    process.kill()
    deadline = time.monotonic() + 30
    while any(map(process_is_alive, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_worker_that_dies_ends_the_command_with_an_error(hookline, saved):
    process = hookline("models", "serve", saved("pid"), "--port", 0, "--workers", 2)
    announced(process)
    first, second = children_of(process.pid)
    os.kill(first, signal.SIGKILL)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "A worker was ended by signal" in err
    assert not process_is_alive(second)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_taken_port_is_one_clear_line(hookline, saved, workers):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = hookline("models", "serve", saved(), "--port", port, "--workers", workers)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert f"Port {port} of 127.0.0.1 is taken" in err
    assert "Traceback" not in err


def test_other_machines_are_kept_out_unless_the_flag_is_set(hookline, saved):
    folder = saved()
    process = hookline("models", "serve", folder, "--port", 0, "--host", "0.0.0.0")
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "--allow-unauthenticated" in err
    process = hookline("models", "serve", folder, "--port", 0, "--host", "0.0.0.0", "--allow-unauthenticated")
    url, _example = announced(process)
    assert asked(url, {"inputs": {"x": [1], "it's": [5]}})["predictions"] == [{"0": 6.0}]


def test_a_model_that_is_not_there_is_one_clear_line(hookline, tmp_path):
    process = hookline("models", "serve", tmp_path / "no-model", "--port", 0)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "no-model" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("workers", [1, 2])
def test_pickles_open_only_when_they_are_allowed(hookline, saved, workers):
    folder = saved(pickled=True)
    process = hookline("models", "serve", folder, "--port", 0, "--workers", workers)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "--allow-pickle" in err
    process = hookline("models", "serve", folder, "--port", 0, "--workers", workers, "--allow-pickle")
    url, _example = announced(process)
    assert asked(url, {"inputs": {"x": [1], "it's": [5]}})["predictions"] == [{"0": 6.0}]


def test_json_says_the_same_for_programs(hookline, saved):
    process = hookline("models", "serve", saved(), "--port", 0, "--json")
    text = ""
    while not text.endswith("\n}\n"):
        line = process.stdout.readline()
        assert line, process.stderr.read()
        text += line
    told = json.loads(text)
    assert asked(told["url"], {"inputs": {"x": [1], "it's": [5]}})["predictions"] == [{"0": 6.0}]
    assert ended(process, signal.SIGINT)[1:] == ("", "")


@pytest.mark.parametrize("body", [None, "x" * 3000])
def test_without_a_short_example_the_command_names_a_file(tmp_path, body):
    if body is not None:
        (tmp_path / "serving_input_example.json").write_text(body, encoding="utf-8")
    assert example_command("http://h:1", tmp_path).endswith("-d @request.json")
