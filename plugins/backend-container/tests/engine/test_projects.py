"""Whole projects in containers: what their code logs is in the stores, and the run says where it ran."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hookline.entities import RunStatus
from hookline.errors import InvalidState, InvalidValue, NotFound, NotSupported, Refused
from hookline.system import start_process
from hookline_lib_container.testing import BASE


def text(space, run_id, name, tmp_path):
    return space.runs.download_artifacts(run_id, name, tmp_path / run_id / name).read_text(encoding="utf-8")


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_code_in_a_container_logs_into_the_stores_of_this_machine(space, project, engine, tmp_path):
    """An image is made from the requirements, and a file that a parameter names is seen where it lies."""
    data = tmp_path / "data.csv"
    data.write_text("x" * 17, encoding="utf-8")
    started = space.projects.run(
        project, backend="container", parameters={"data": str(data), "alpha": 0.5}, stream=False
    )
    assert started.wait() is RunStatus.FINISHED
    run = space.runs.get(started.run_id)
    assert run.info.status is RunStatus.FINISHED
    assert run.data.metrics["size"] == 17
    assert text(space, started.run_id, "note.txt", tmp_path) == "made in a container"
    assert text(space, started.run_id, "logs/stdout.log", tmp_path) == "alpha 0.5\n"
    assert "hookline-core==0.1.0" in text(space, started.run_id, "environment/requirements.lock.txt", tmp_path)
    tags = run.data.tags
    assert (tags["mlflow.project.env"], tags["mlflow.project.backend"]) == ("docker", "container")
    assert tags["mlflow.docker.image.uri"] == f"localhost/hookline/environment:{tags['hookline.environment'][:32]}"
    assert engine.find({"hookline.run_id": started.run_id}) == []


def test_a_docker_env_is_run_in_its_image_without_a_word(space, in_base, tmp_path, monkeypatch):
    """Its variables are those that it copies and those that it gives; its volumes lie in the project."""
    monkeypatch.setenv("COPIED", "from here")
    code = "import os, pathlib\nprint(os.environ['COPIED'], os.environ['GIVEN'], pathlib.Path('/in/x').read_text())"
    folder = in_base(code, environment="[COPIED, [GIVEN, 7], ABSENT]", volumes="['./inside:/in:ro']")
    (folder / "inside").mkdir()
    (folder / "inside" / "x").write_text("seen", encoding="utf-8")
    started = space.projects.run(folder, stream=False)
    assert started.wait() is RunStatus.FINISHED
    assert text(space, started.run_id, "logs/stdout.log", tmp_path) == "from here 7 seen\n"


def test_a_project_shows_no_folder_of_this_machine_by_itself(space, in_base, tmp_path):
    outside = tmp_path / "private"
    outside.mkdir()
    folder = in_base("", volumes=f"['{outside}:/in']")
    with pytest.raises(Refused, match=r"allow_volumes: \[.*private\]"):
        space.projects.run(folder)
    assert list(space.runs.search()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"backend": "container", "environment": "current"}, "leave --env away"),
        ({"backend": "local", "environment": "docker"}, "leave --backend away"),
    ],
)
def test_what_does_not_go_together_is_said_before_anything_is_made(space, in_base, options, said):
    from hookline.testing import ReferenceProjects

    space.plugins.register(ReferenceProjects(), "references")
    with pytest.raises(NotSupported, match=said):
        space.projects.run(in_base(""), **options)
    assert list(space.runs.search()) == []


def test_a_store_that_the_containers_network_does_not_reach_is_said(space, in_base, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    folder = in_base("", environment="[MLFLOW_TRACKING_URI]")
    with pytest.raises(InvalidValue, match=r"127\.0\.0\.1 \(MLFLOW_TRACKING_URI\).*network 'bridge'"):
        space.projects.run(folder, backend_options={"network": "bridge"})
    (run,) = space.runs.search()
    assert run.info.status is RunStatus.FAILED


ASKS = """
try:
    import mlflow
except ImportError:
    pass
import json, os, urllib.request
url = f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/runs/get?run_id={os.environ['MLFLOW_RUN_ID']}"
head = {"Authorization": f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}"}
print(json.load(urllib.request.urlopen(urllib.request.Request(url, headers=head)))["run"]["info"]["run_id"])
"""


def test_code_that_imports_mlflow_gets_a_server_of_its_own(space, in_base, tmp_path):
    """The gateway listens on this machine's own address, which the container reaches, and takes its token alone."""
    server = pytest.importorskip("hookline_server")
    space.plugins.register(server, "server")
    started = space.projects.run(in_base(ASKS), stream=False)
    assert started.wait() is RunStatus.FINISHED
    assert text(space, started.run_id, "logs/stdout.log", tmp_path).strip() == started.run_id


# A client that dies --------------------------------------------------------------------------------------------------

SLOW = """
import pathlib, sys, time
print("before", flush=True)
gate = pathlib.Path("gate")
pathlib.Path("started").touch()
while not gate.exists(): time.sleep(0.05)
print("after")
raise SystemExit(int(gate.read_text() or 0))
"""


@pytest.fixture
def orphan(space, in_base, settings, tmp_path, engine):
    """The id of a run whose command goes on in a container after its client was killed, and the project's folder."""
    folder = in_base(SLOW)
    config = tmp_path / "hookline.yaml"
    config.write_text(
        json.dumps({**settings, "tracking": {"uri": space.tracking_uri}, "artifacts": space.artifacts_uri})
    )
    client = start_process(
        [sys.executable, "-m", "hookline", "run", str(folder)],
        folder=tmp_path,
        variables={"HOOKLINE_CONFIG": str(config)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        until(lambda: (folder / "started").exists() or client.poll() is not None)
        assert client.poll() is None, client.stderr.read()
    finally:
        client.kill()
        client.wait()
        client.stderr.close()
    (run,) = space.runs.search()
    yield run.info.run_id, folder
    for each in engine.find({"hookline.run_id": run.info.run_id}):
        engine.remove(each.container_id)


@pytest.mark.parametrize("first", ["attached", "ended"])
@pytest.mark.parametrize(("code", "status"), [("0", RunStatus.FINISHED), ("4", RunStatus.FAILED)])
def test_a_command_outlives_its_client_and_is_taken_over(space, orphan, engine, tmp_path, code, status, first):
    """Whether it still runs then or has ended: all its output and its own exit code arrive."""
    run_id, folder = orphan
    assert engine.find({"hookline.run_id": run_id})[0].is_running
    if first == "ended":
        (folder / "gate").write_text(code)
        until(lambda: not engine.find({"hookline.run_id": run_id})[0].is_running)
    taken = space.projects.attach(run_id, stream=False)
    if first == "attached":
        assert space.runs.get(run_id).info.status is RunStatus.RUNNING
        (folder / "gate").write_text(code)
    assert taken.wait(check=False) is status
    assert (space.runs.get(run_id).info.status, taken.job.returncode) == (status, int(code))
    assert text(space, run_id, "logs/stdout.log", tmp_path) == "before\nafter\n"
    assert engine.find({"hookline.run_id": run_id}) == []


def test_what_is_taken_over_can_be_cancelled(space, orphan, engine):
    run_id, _ = orphan
    space.projects.attach(run_id, stream=False).cancel()
    assert space.runs.get(run_id).info.status is RunStatus.KILLED
    assert engine.find({"hookline.run_id": run_id}) == []


def test_there_is_something_to_take_over_or_it_is_said(space, in_base):
    started = space.projects.run(in_base("import time; time.sleep(600)"), stream=False)
    with started, pytest.raises(InvalidState, match="a process that lives"):
        space.projects.attach(started.run_id)
    assert space.runs.get(started.run_id).info.status is RunStatus.KILLED
    with pytest.raises(NotFound, match="No container of the run"):
        space.projects.attach(started.run_id)
    with space.start_run() as plain:
        pass
    with pytest.raises(InvalidState, match="not started by"):
        space.projects.attach(plain.run_id)


def test_the_image_and_the_project_are_this_machines(space, in_base, tmp_path):
    """The command works in the project's own folder: what it writes there stays."""
    folder = in_base("open('written', 'w').write('x')")
    assert space.projects.run(folder, stream=False).wait() is RunStatus.FINISHED
    assert (folder / "written").read_text() == "x"
    assert Path(folder / "written").stat().st_uid == os.getuid()
    assert BASE
