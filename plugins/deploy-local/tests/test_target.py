"""Managed local deployments: real processes, on free ports, with the flavor of the tests."""

import json
import os
import signal
import socket
import threading
import time
import urllib.request

import pandas as pd
import pytest

from hookline.entities import DeploymentStatus, ModelFolder
from hookline.errors import (
    AlreadyExists,
    ExecutionFailed,
    InvalidState,
    InvalidValue,
    NotFound,
    Refused,
    Unavailable,
)
from hookline.system import process_is_alive
from hookline.testing import memory_workspace
from hookline_deploy_local.records import Records
from hookline_deploy_local.target import LocalTarget

EXAMPLE = pd.DataFrame({"x": [1.0], "é": [2.0]})
ROWS = {"dataframe_split": {"columns": ["x", "é"], "data": [[1, 2], [3, 4.5]]}}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "home" / "deployments" / "local"


@pytest.fixture
def target(folder, recipes):
    found = LocalTarget(folder)
    yield found
    for each in found.list():
        found.delete(each.name)


@pytest.fixture
def model(workspace, recipes, tmp_path):
    """Save a recipe and give its folder, as the workspace fetches it."""

    def make(does="sum", *, example=EXAMPLE, pickled=False, trusted=True, **options):
        path = tmp_path / f"model-{len(list(tmp_path.iterdir()))}"
        recipe = recipes.Recipe(does, **options)
        signature = None
        if does != "sum":
            example = None
        workspace.save_model(recipe, path, input_example=example, signature=signature, pickled=pickled)
        with workspace.models.fetch(path) as fetched:
            return ModelFolder(f"models:/{does}/1", fetched.path, fetched.digest, trusted)

    return make


def pids(folder, name):
    return [each.pid for each in Records(folder).read(name).workers]


def alive(numbers):
    return [each for each in numbers if process_is_alive(each)]


def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_deployment_is_made_asked_changed_and_removed(target, model, folder):
    made = target.create("wine", model(), {})
    assert (made.status, made.model_uri, made.target) == (DeploymentStatus.RUNNING, "models:/sum/1", "local")
    assert target.predict("wine", ROWS) == {"predictions": [{"0": 3.0}, {"0": 7.5}]}
    first = pids(folder, "wine")

    changed = target.update("wine", model("pid"), {"timeout": "30"})
    assert (changed.endpoint, changed.model_uri) == (made.endpoint, "models:/pid/1")
    assert changed.config == {"timeout": "30"}
    assert changed.creation_time == made.creation_time
    second = pids(folder, "wine")
    assert target.predict("wine", {"inputs": [1]}) == {"predictions": second}
    assert alive(first) == []
    assert [each.name for each in target.list()] == ["wine"]

    target.delete("wine")
    assert alive(second) == []
    assert not (folder / "wine").exists()
    assert target.list() == []
    target.delete("wine")


def test_another_process_finds_the_deployment(target, model, folder):
    target.create("wine", model(), {})
    other = LocalTarget(folder)
    assert other.get("wine") == target.get("wine")
    assert other.predict("wine", ROWS)["predictions"][0] == {"0": 3.0}


def test_the_endpoint_answers_throughout_an_update(target, model):
    endpoint = target.create("wine", model(), {}).endpoint
    answers, failures, stop = [], [], threading.Event()

    def ask():
        body = json.dumps(ROWS).encode()
        while not stop.is_set():
            request = urllib.request.Request(
                f"{endpoint}/invocations", body, {"Content-Type": "application/json"}, method="POST"
            )
            try:
                with urllib.request.urlopen(request, timeout=20) as response:
                    answers.append(json.load(response)["predictions"][0])
            except OSError as error:
                failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    target.update("wine", model(), {})
    until(lambda: len(answers) > 20)
    stop.set()
    asking.join()
    assert failures == []
    assert all(each == {"0": 3.0} for each in answers)


def test_several_workers_share_a_port(target, model, folder):
    target.create("wine", model("pid"), {"workers": "2"})
    numbers = pids(folder, "wine")
    assert len(set(numbers)) == 2
    seen = set()
    deadline = time.monotonic() + 20
    while len(seen) < 2 and time.monotonic() < deadline:
        seen.update(target.predict("wine", {"inputs": [1]})["predictions"])
    assert seen == set(numbers)
    target.delete("wine")
    assert alive(numbers) == []


def test_the_port_is_the_configured_one(target, model):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = target.create("wine", model(), {"port": str(port)})
    assert made.endpoint == f"http://127.0.0.1:{port}"


def test_a_taken_port_is_refused_and_nothing_is_left(target, model, folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=f"Port {port} .* is taken"):
            target.create("wine", model(), {"port": str(port)})
    assert target.list() == []
    assert not (folder / "wine").exists()
    target.create("one", model(), {})
    taken = target.get("one").endpoint.rpartition(":")[2]
    with pytest.raises(Unavailable, match="is taken"):
        target.create("two", model(), {"port": taken})


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"prot": "1"}, r"Unknown key 'prot' \(did you mean 'port'\?\).*allowed: host, port, timeout"),
        ({"port": "x"}, "port must be a whole number from 0 to 65535, not 'x'"),
        ({"port": "70000"}, "65535"),
        ({"port": "-1"}, "65535"),
        ({"port": "٣"}, "65535"),
        ({"workers": "0"}, "workers must be a whole number from 1 to 64"),
        ({"timeout": "soon"}, "seconds"),
        ({"timeout": "nan"}, "seconds"),
        ({"host": " "}, "host must not be empty"),
        ({"allow_unauthenticated": "maybe"}, "true or false"),
    ],
)
def test_a_wrong_configuration_is_refused_before_anything_starts(target, model, config, says):
    with pytest.raises(InvalidValue, match=says):
        target.create("wine", model(), config)
    assert target.list() == []


def test_other_machines_are_kept_out_unless_the_flag_is_set(target, model):
    with pytest.raises(Refused, match="allow_unauthenticated=true"):
        target.create("wine", model(), {"host": "0.0.0.0"})
    made = target.create("wine", model(), {"host": "0.0.0.0", "allow_unauthenticated": "true"})
    assert made.endpoint.startswith("http://127.0.0.1:")
    assert target.predict("wine", ROWS)["predictions"][1] == {"0": 7.5}


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "a" * 101, "-x", "x.", "a b", "ä"])
def test_a_name_that_is_no_plain_folder_name_is_refused(target, model, name):
    with pytest.raises(InvalidValue, match="Invalid deployment name"):
        target.create(name, model(), {})


def test_a_taken_name_is_refused(target, model):
    target.create("wine", model(), {})
    with pytest.raises(AlreadyExists, match="'wine'"):
        target.create("wine", model(), {})


def test_what_is_not_there_is_not_found(target, model):
    asks = [lambda: target.get("x"), lambda: target.predict("x", {}), lambda: target.update("x", None, {})]
    for ask in asks:
        with pytest.raises(NotFound, match="hookline deployments create x -m models:/MODEL/VERSION -t local"):
            ask()
    target.create("wine", model(), {})
    for ask in asks:
        with pytest.raises(NotFound, match="no deployment 'x' at the target 'local'; there are: wine"):
            ask()


# Models that are not to be served ------------------------------------------------------------------------------------


def test_a_model_that_cannot_be_loaded_fails_with_the_end_of_its_log(target, model, folder):
    made = target.create("wine", model(loads=False, example=None), {})
    assert made.status is DeploymentStatus.FAILED
    assert made.endpoint is None
    assert "this recipe is not to be loaded" in made.message
    assert target.get("wine") == made
    assert pids(folder, "wine") == []
    with pytest.raises(Unavailable, match="not to be loaded"):
        target.predict("wine", ROWS)


def test_pickles_open_only_for_a_trusted_model(target, model):
    assert target.create("yes", model(pickled=True), {}).status is DeploymentStatus.RUNNING
    refused = target.create("no", model(pickled=True, trusted=False), {})
    assert refused.status is DeploymentStatus.FAILED
    assert "--allow-pickle" in refused.message
    assert "vouches" in refused.message


def test_files_that_were_changed_after_the_check_are_not_served(target, model):
    given = model(pickled=True)
    data = given.path / "recipe.pkl"
    data.write_bytes(data.read_bytes() + b" ")
    refused = target.create("wine", given, {})
    assert refused.status is DeploymentStatus.FAILED
    assert "were changed" in refused.message


def test_the_deployment_keeps_files_of_its_own(target, model):
    import shutil

    given = model()
    target.create("wine", given, {})
    shutil.rmtree(given.path)
    assert target.update("wine", None, {"workers": "2"}).status is DeploymentStatus.RUNNING
    assert target.predict("wine", ROWS)["predictions"][0] == {"0": 3.0}


def test_an_update_that_fails_leaves_the_old_one_answering(target, model, folder):
    made = target.create("wine", model(), {})
    before = pids(folder, "wine")
    with pytest.raises(ExecutionFailed, match=r"as it was before(.|\n)*not to be loaded"):
        target.update("wine", model(loads=False, example=None), {"timeout": "3"})
    assert target.get("wine") == made
    assert pids(folder, "wine") == before
    assert target.predict("wine", ROWS)["predictions"][0] == {"0": 3.0}
    assert len(list((folder / "wine").glob("g-*"))) == 1


# Asking --------------------------------------------------------------------------------------------------------------


def test_a_refused_input_says_what_the_server_said(target, model):
    target.create("wine", model(), {})
    with pytest.raises(InvalidValue, match="row 1, column 'x'"):
        target.predict("wine", {"dataframe_records": [{"x": 1, "é": 1}, {"x": "z", "é": 1}]})
    with pytest.raises(InvalidValue, match="no JSON value"):
        target.predict("wine", {"inputs": {1, 2}})


def test_a_table_is_asked_as_its_file_holds_it(target, model):
    target.create("wine", model(), {})
    answer = target.predict_body("wine", "x,é\n1,2\n3,4.5\n".encode(), "text/csv")
    assert answer == target.predict("wine", ROWS)
    for body, media_type, says in (
        (b"x\n\xff\n", "text/csv", "refused the input: The body is not UTF-8"),
        ("x,é\n1,z\n".encode(), "text/csv", "column 'é'"),
        (b"x", "text/x-nonsense", "content type 'text/x-nonsense' is not supported"),
    ):
        with pytest.raises(InvalidValue, match=says):
            target.predict_body("wine", body, media_type)
    with pytest.raises(NotFound, match="'beer'"):
        target.predict_body("beer", b"x\n1\n", "text/csv")


def test_a_model_that_takes_too_long_is_unavailable(target, model):
    target.create("wine", model("wait", seconds=30), {"timeout": "0.5"})
    with pytest.raises(Unavailable, match=r"longer than 0\.5 s"):
        target.predict("wine", {"inputs": [1]})


# What goes wrong later -----------------------------------------------------------------------------------------------


def test_a_killed_process_is_seen_and_an_update_starts_it_again(target, model, folder):
    made = target.create("wine", model(), {})
    (pid,) = pids(folder, "wine")
    os.kill(pid, signal.SIGKILL)
    until(lambda: not process_is_alive(pid))
    found = target.get("wine")
    assert (found.status, found.endpoint) == (DeploymentStatus.FAILED, None)
    assert str(pid) in found.message
    with pytest.raises(Unavailable, match=str(pid)):
        target.predict("wine", ROWS)
    again = target.update("wine", None, {})
    assert (again.status, again.endpoint) == (DeploymentStatus.RUNNING, made.endpoint)
    assert target.predict("wine", ROWS)["predictions"][0] == {"0": 3.0}


def test_a_model_that_ends_its_process_is_seen(target, model):
    target.create("wine", model("exit"), {})
    with pytest.raises(Unavailable):
        target.predict("wine", {"inputs": [1]})
    until(lambda: target.get("wine").status is DeploymentStatus.FAILED)


def test_a_stale_record_does_not_name_a_stranger(target, model, folder):
    """After a restart of the machine the recorded process number may be another program's."""
    target.create("wine", model(), {})
    records = Records(folder)
    record = records.read("wine")
    state = folder / "wine" / "state.json"
    plain = json.loads(state.read_text(encoding="utf-8"))
    stranger = os.getpid()
    plain["workers"] = [{"pid": stranger, "identity": f"{stranger} 1 another-boot"}]
    for each in record.workers:
        os.kill(each.pid, signal.SIGKILL)
    state.write_text(json.dumps(plain), encoding="utf-8")
    assert target.get("wine").status is DeploymentStatus.FAILED
    target.delete("wine")
    assert process_is_alive(stranger)
    assert target.list() == []


def test_a_start_that_was_interrupted_is_seen(target, model, folder):
    target.create("wine", model(), {})
    state = folder / "wine" / "state.json"
    plain = json.loads(state.read_text(encoding="utf-8"))
    plain["phase"], plain["starter"] = "starting", [{"pid": 999_999_999, "identity": "gone"}]
    state.write_text(json.dumps(plain), encoding="utf-8")
    found = target.get("wine")
    assert found.status is DeploymentStatus.FAILED
    assert "interrupted" in found.message
    numbers = pids(folder, "wine")
    target.delete("wine")
    assert alive(numbers) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}', '{"format": 1}', '{"format": 1, "workers": 3}'])
def test_a_record_that_cannot_be_read_is_reported_and_hinders_no_other(target, model, folder, content):
    target.create("good", model(), {})
    (folder / "bad").mkdir()
    (folder / "bad" / "state.json").write_text(content, encoding="utf-8")
    found = {each.name: each for each in target.list()}
    assert found["good"].status is DeploymentStatus.RUNNING
    assert found["bad"].status is DeploymentStatus.FAILED
    assert "cannot be read" in found["bad"].message
    with pytest.raises(InvalidState, match="cannot be read"):
        target.delete("bad")
    (folder / "bad" / "state.json").unlink()


def test_another_server_on_the_port_is_not_taken_for_the_deployment(target, model, folder):
    target.create("wine", model(), {})
    state = folder / "wine" / "state.json"
    plain = json.loads(state.read_text(encoding="utf-8"))
    plain["token"] = "another"
    state.write_text(json.dumps(plain), encoding="utf-8")
    found = target.get("wine")
    assert (found.status, found.endpoint) == (DeploymentStatus.FAILED, None)
    assert "Another server" in found.message


def test_a_start_that_is_broken_off_leaves_nothing(target, model, folder, monkeypatch):
    from hookline_deploy_local import processes

    started = []

    def interrupted(self, _seconds):
        started.extend(each.pid for each in self.processes)
        raise KeyboardInterrupt

    monkeypatch.setattr(processes.Started, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        target.create("wine", model(), {})
    assert len(started) == 1
    assert alive(started) == []
    assert target.list() == []


@pytest.fixture
def on_small_disk(small_disk, recipes):
    """A target whose folder has room for a model of the tests and not for a large one."""
    found = LocalTarget(small_disk(2**20) / "target")
    yield found
    for each in found.list():
        found.delete(each.name)


def test_a_full_disk_is_said_and_leaves_what_was_there(on_small_disk, model):
    """A new deployment is none; an old one goes on answering, and can be updated once there is room."""
    small = model()
    large = model()
    (large.path / "weights").write_bytes(bytes(2**21))
    large = ModelFolder(large.uri, large.path, None, trusted=True)
    with pytest.raises(Unavailable, match=r"'other' cannot be written below .*No space left"):
        on_small_disk.create("other", large, {})
    assert on_small_disk.list() == []
    made = on_small_disk.create("wine", small, {})
    with pytest.raises(Unavailable, match="No space left"):
        on_small_disk.update("wine", large, {})
    assert on_small_disk.get("wine") == made
    assert on_small_disk.predict("wine", ROWS) == {"predictions": [{"0": 3.0}, {"0": 7.5}]}
    assert on_small_disk.update("wine", model("pid"), {}).model_uri == "models:/pid/1"


def test_two_who_create_the_same_name_get_one_deployment(target, model, folder):
    given, outcomes = model(), []

    def create():
        try:
            outcomes.append(LocalTarget(folder).create("wine", given, {}).status)
        except AlreadyExists:
            outcomes.append("taken")

    threads = [threading.Thread(target=create) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == [DeploymentStatus.RUNNING, "taken"]


def test_under_the_policy_deny_a_safe_format_is_served_and_a_pickle_is_not(target, recipes, tmp_path):
    """`vouched` is what a format that names its own library's classes asks for; see `Unpickler.permit`."""
    with memory_workspace(tmp_path / "strict", recipes, models={"pickle": "deny"}) as strict:
        for name, options in (("json", {"asks": True}), ("pickle", {"pickled": True})):
            strict.save_model(recipes.Recipe(), tmp_path / name, input_example=EXAMPLE, **options)
            with strict.models.fetch(tmp_path / name) as fetched:
                assert (fetched.trusted, fetched.vouched) == (False, True)
                status = target.create(name, fetched, {}).status
            assert status is (DeploymentStatus.FAILED if name == "pickle" else DeploymentStatus.RUNNING)
