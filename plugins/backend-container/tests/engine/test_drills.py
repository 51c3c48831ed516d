"""What goes wrong around containers: each is said clearly, the run's status is true, and nothing is left running."""

import re
import shutil
import time

import pytest

from hookline.entities import RunStatus
from hookline.errors import ConfigError, ExecutionFailed, HooklineError, NotFound, Unavailable
from hookline_backend_container.backend import ContainerBackend
from hookline_lib_container.engine import Engine
from hookline_lib_container.testing import podman_service

SLEEPS = "import pathlib, time\npathlib.Path('started').touch()\ntime.sleep(600)"


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def container_of(engine, run_id):
    (found,) = engine.find({"hookline.run_id": run_id})
    return found.container_id


def failure(started):
    with pytest.raises(ExecutionFailed) as caught:
        started.wait()
    return str(caught.value)


def assert_failed(space, engine, run_id, reason=""):
    """The run says that it failed, and why; no container of it is there."""
    info = space.runs.get(run_id).info
    assert info.status is RunStatus.FAILED
    assert reason in info.status_reason
    assert engine.find({"hookline.run_id": run_id}) == []


def no_run(space):
    return not list(space.runs.search()) and not list((space.config.home / "projects").iterdir())


@pytest.mark.parametrize("where", ["option", "DOCKER_HOST", "CONTAINER_HOST"])
def test_an_engine_that_is_not_there(space, in_base, settings, tmp_path, monkeypatch, where):
    """The text names the address, who gave it, and how to start an engine; no run is made."""
    nobody = f"unix://{tmp_path}/nobody.sock"
    for options in (settings["environments"]["docker"], settings["backends"]["container"]):
        options.pop("engine")
        if where == "option":
            options["engine"] = nobody
    for name in ("DOCKER_HOST", "CONTAINER_HOST"):
        monkeypatch.delenv(name, raising=False)
    if where != "option":
        monkeypatch.setenv(where, nobody)
    with pytest.raises(Unavailable) as caught, _again(space, settings) as other:
        other.projects.run(in_base(""))
    assert all(each in str(caught.value) for each in (nobody, where, "podman system service"))


def _again(space, settings):
    from hookline.config import Config
    from hookline.workspace import Workspace

    return Workspace(Config.from_mapping(settings, home=space.config.home), plugins=space.plugins)


def test_an_address_that_is_none(space, in_base, settings):
    settings["environments"]["docker"]["engine"] = "ssh://somewhere"
    with _again(space, settings) as other, pytest.raises(ConfigError, match=r"option 'engine'.*ssh://.*ssh -L"):
        other.projects.run(in_base(""))


def test_an_image_that_nobody_has(space, in_base):
    with pytest.raises(NotFound, match=r"no image 'localhost/no-such-image:7', and cannot pull it"):
        space.projects.run(in_base("", image="localhost/no-such-image:7"))
    assert no_run(space)


def test_a_build_that_fails(space, project):
    (project / "python_env.yaml").write_text("dependencies: [no-such-distribution==7.7]\n", encoding="utf-8")
    with pytest.raises(ExecutionFailed) as caught:
        space.projects.run(project, backend="container", parameters={"data": str(project), "alpha": 1})
    assert "could not be built" in str(caught.value)
    assert "no-such-distribution==7.7" in str(caught.value)
    assert no_run(space)


def test_a_command_that_the_image_does_not_have(space, in_base, engine):
    folder = in_base("")
    project = folder / "MLproject"
    project.write_text(project.read_text().replace("python main.py", "no-such-program"), encoding="utf-8")
    with pytest.raises(ExecutionFailed, match=r"'no-such-program' cannot be run in the image .*not found"):
        space.projects.run(folder)
    (run,) = space.runs.search()
    assert_failed(space, engine, run.info.run_id)


def test_a_command_that_fails(space, in_base, engine):
    started = space.projects.run(in_base("import sys; print('the last', file=sys.stderr); sys.exit(3)"), stream=False)
    assert re.search(r"exit code 3; .*The last that it wrote:\nthe last", failure(started), re.DOTALL)
    assert_failed(space, engine, started.run_id)


def test_a_container_that_is_killed(space, in_base, engine):
    folder = in_base(SLEEPS)
    started = space.projects.run(folder, stream=False)
    until((folder / "started").exists)
    engine.stop(container_of(engine, started.run_id), 0)
    assert "was ended by signal 9" in failure(started)
    assert_failed(space, engine, started.run_id, "It was killed (signal 9), by somebody or for want of memory.")


def test_a_container_that_is_removed(space, in_base, engine):
    folder = in_base(SLEEPS)
    started = space.projects.run(folder, stream=False)
    until((folder / "started").exists)
    engine.remove(container_of(engine, started.run_id))
    assert "Its container was removed by somebody else." in failure(started)
    assert_failed(space, engine, started.run_id, "removed by somebody else")


def test_a_command_that_needs_more_memory_than_it_may(space, in_base, engine):
    code = "print('asks', flush=True); x = bytearray(400_000_000); print(len(x))"
    started = space.projects.run(in_base(code), backend_options={"memory": "64m"}, stream=False)
    said = failure(started)
    assert "memory limit of 64 MiB" in said
    assert said.endswith("asks")
    assert_failed(space, engine, started.run_id, "memory limit of 64 MiB")


def test_a_disk_that_the_command_fills(space, in_base, engine, small_disk):
    """The run is FAILED with what the command said, as on this machine."""
    folder = small_disk(2**20) / "project"
    shutil.copytree(in_base("open('large', 'wb').write(bytes(2**22))"), folder)
    started = space.projects.run(folder, stream=False)
    assert "No space left on device" in failure(started)
    assert_failed(space, engine, started.run_id)


@pytest.fixture
def on_small_disk(space, settings, small_engine):
    """The workspace with the engine whose storage is a small disk."""
    for options in (settings["environments"]["docker"], settings["backends"]["container"]):
        options["engine"] = small_engine.address
    with _again(space, settings) as other:
        yield other


def test_an_engine_whose_disk_the_command_fills(on_small_disk, in_base, small_engine):
    """What a command writes outside of the project's folder goes to the engine's storage."""
    code = "file = open('/large', 'wb', buffering=0)\nwhile True: file.write(bytes(2**20))"
    started = on_small_disk.projects.run(in_base(code), stream=False)
    with Engine(small_engine.address) as engine:
        assert "No space left on device" in failure(started)
        assert_failed(on_small_disk, engine, started.run_id)


def test_an_engine_whose_disk_is_full_before_the_container_is_made(on_small_disk, in_base, small_engine):
    """Nothing is started; once there is room, the next run is."""
    folder = in_base("print('ran')")
    assert on_small_disk.projects.run(folder, stream=False).wait() is RunStatus.FINISHED
    with Engine(small_engine.address) as engine:
        while engine.find({}):  # what it took of the disk is given back
            time.sleep(0.05)
    small_engine.fill()
    with pytest.raises(HooklineError, match="no space left on device"):
        on_small_disk.projects.run(folder, stream=False)
    newest, _before = on_small_disk.runs.search()
    with Engine(small_engine.address) as engine:
        assert_failed(on_small_disk, engine, newest.info.run_id)
    small_engine.clear()
    assert on_small_disk.projects.run(folder, stream=False).wait() is RunStatus.FINISHED


def test_an_image_for_which_the_engine_has_no_room(on_small_disk, project, small_engine):
    parameters = {"data": str(project), "alpha": 1}
    with pytest.raises(ExecutionFailed, match=r"could not be built.*(?s:.*)(?i:no space left on device)"):
        on_small_disk.projects.run(project, backend="container", parameters=parameters)
    assert no_run(on_small_disk)
    with Engine(small_engine.address) as engine:
        assert engine.find({}) == []


def test_a_limit_that_the_engine_refuses(space, in_base, engine):
    """No machine gives a container a thousand bytes: the engine's reason is passed on, and no container is left."""
    with pytest.raises(HooklineError, match="memory"):
        space.projects.run(in_base(""), backend_options={"memory": "1k"}, stream=False).wait()
    (run,) = space.runs.search()
    assert_failed(space, engine, run.info.run_id)


def test_a_registry_that_wants_a_password(space, in_base, settings, private_registry, tmp_path):
    """What it said is passed on; no run is made."""
    with podman_service(tmp_path / "s") as address:
        for options in (settings["environments"]["docker"], settings["backends"]["container"]):
            options["engine"] = address
        with (
            _again(space, settings) as other,
            pytest.raises(NotFound, match=r"cannot pull it: .*(unauthorized|authentication required)"),
        ):
            other.projects.run(in_base("", image=f"{private_registry}/private/image:1"))
    assert no_run(space)


@pytest.mark.parametrize(
    ("options", "named"),
    [({"memory": "much"}, "memory"), ({"cpus": 0}, "cpus"), ({"user": "a b"}, "user"), ({"patience": -1}, "patience")],
)
def test_options_are_checked_before_anything_is_made(space, in_base, options, named):
    with pytest.raises(HooklineError, match=named):
        space.projects.run(in_base(""), backend_options=options)
    assert not list(space.runs.search())


# An engine that goes away --------------------------------------------------------------------------------------------

WRITES = """
import pathlib, time
print("one", flush=True)
pathlib.Path("started").touch()
while not pathlib.Path("gate").exists(): time.sleep(0.05)
print("two")
"""


@pytest.fixture
def own_service(engine_address, tmp_path_factory):
    """A second service over the same containers, which a test may end."""
    folder = tmp_path_factory.mktemp("q")
    return lambda: podman_service(folder / "s")


def test_an_engine_that_comes_back(space, in_base, own_service, tmp_path):
    """The command goes on meanwhile; its output is whole, and nothing of it is there twice."""
    folder = in_base(WRITES)
    with own_service() as address:
        started = space.projects.run(folder, backend_options={"engine": address}, stream=False)
        until((folder / "started").exists)
        until(lambda: list(started.logs()) == ["one"])
    (folder / "gate").touch()
    with own_service():
        assert started.wait() is RunStatus.FINISHED
    said = space.runs.download_artifacts(started.run_id, "logs/stdout.log", tmp_path / "said").read_text()
    assert said == "one\ntwo\n"


def test_an_engine_that_stays_away(space, in_base, own_service, engine):
    """The run fails, and says that its container may still run and how it is taken over; so it can be."""
    folder = in_base(WRITES)
    with own_service() as address:
        options = {"engine": address, "engine_patience": 0.5}
        started = space.projects.run(folder, backend_options=options, stream=False)
        until((folder / "started").exists)
    assert "hookline runs attach" in failure(started)
    assert space.runs.get(started.run_id).info.status is RunStatus.FAILED
    assert "may still run" in space.runs.get(started.run_id).info.status_reason
    (folder / "gate").touch()
    assert space.projects.attach(started.run_id, stream=False).wait() is RunStatus.FINISHED
    assert_gone = engine.find({"hookline.run_id": started.run_id})
    assert assert_gone == []


def test_what_cannot_be_started_leaves_no_container(engine, engine_address, in_base):
    """Also where the backend is asked directly."""
    assert ContainerBackend(in_base("")).runs_images
    with Engine(engine_address) as own:
        assert [each for each in own.find({"hookline.run_id": "r" * 32}) if each.status == "created"] == []
