"""What the laws of every target leave open: rolls under load, images, and what goes wrong in containers."""

import gc
import json
import shutil
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import evolve

from hookline.entities import DeploymentStatus
from hookline.errors import ExecutionFailed, InvalidValue, NotFound, Refused, Unavailable
from hookline_deploy_container.model_images import model_context
from hookline_deploy_container.records import NAME_LABEL, NEXT, RECORD_LABEL, TARGET_LABEL
from hookline_deploy_container.target import ContainerTarget
from hookline_lib_container.containers import ContainerSpec
from hookline_lib_container.testing import BASE, podman_service

ROW = {"dataframe_split": {"columns": ["x"], "data": [[1.0]]}}


def answer(endpoint):
    body = json.dumps(ROW).encode()
    asked = urllib.request.Request(f"{endpoint}/invocations", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=60) as response:
        return round(json.load(response)["predictions"][0])


def containers(target, engine):
    return engine.find({TARGET_LABEL: target._scope})


def test_an_update_loses_no_request(target, saved, engine):
    """Askers go on throughout: each gets an answer of the old model, then of the new one."""
    endpoint = target.create("line", saved(2), {}).endpoint
    answers, problems, done = [], [], threading.Event()

    def ask():
        while not done.is_set():
            try:
                answers.append(answer(endpoint))
            except Exception as error:
                problems.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for each in threads:
        each.start()
    try:
        changed = target.update("line", saved(3), {})
    finally:
        done.set()
        for each in threads:
            each.join()
    assert problems == []
    assert set(answers) <= {2, 3}
    assert {2, 3} <= {*answers, answer(endpoint)}
    assert (changed.endpoint, answer(endpoint)) == (endpoint, 3)
    (left,) = containers(target, engine)
    assert not left.name.endswith(NEXT)


def test_the_image_is_built_once_and_goes_with_its_deployment(target, saved, engine):
    target.create("line", saved(2), {"memory": "1g", "cpus": "1"})
    (state,) = containers(target, engine)
    image = json.loads(state.labels[RECORD_LABEL])["image"]
    assert state.memory == 2**30
    assert engine.image(image).labels["hookline.model"] == "models:/line/2"
    target.update("line", None, {"timeout": "9"})
    assert json.loads(containers(target, engine)[0].labels[RECORD_LABEL])["image"] == image
    target.delete("line")
    assert not engine.has_image(image)


def test_a_server_that_was_killed_says_so_and_is_started_again(target, saved, engine):
    made = target.create("line", saved(2), {})
    (state,) = containers(target, engine)
    engine.stop(state.container_id, 0)
    found = target.get("line")
    assert found.status is DeploymentStatus.FAILED
    assert "exit code 137" in found.message
    assert "killed (signal 9)" in found.message
    with pytest.raises(Unavailable, match="killed"):
        target.predict("line", ROW)
    again = target.update("line", None, {})
    assert (again.status, again.endpoint) == (DeploymentStatus.RUNNING, made.endpoint)


def test_a_model_that_needs_more_memory_than_it_may(target, saved, engine):
    made = target.create("line", saved(2), {"memory": "24m"})
    assert made.status is DeploymentStatus.FAILED
    assert "memory limit of 24 MiB" in made.message
    assert not containers(target, engine)[0].is_running


def test_pickles_that_nobody_vouches_for_stay_closed(target, saved, pickled):
    assert target.create("trusted", evolve(saved(2), path=pickled), {}).status is DeploymentStatus.RUNNING
    made = target.create("line", evolve(saved(2), path=pickled, trusted=False), {})
    assert made.status is DeploymentStatus.FAILED
    assert "--allow-pickle" in made.message


def test_requirements_that_cannot_be_installed_leave_nothing(target, saved, models, engine, tmp_path):
    folder = tmp_path / "other"
    shutil.copytree(models / "2", folder)
    (folder / "requirements.txt").write_text("no-such-distribution==7.7\n", encoding="utf-8")
    with pytest.raises(ExecutionFailed, match="no-such-distribution"):
        target.create("line", evolve(saved(2), path=folder, digest=None), {})
    (folder / "requirements.txt").write_text("--index-url https://example.org\n", encoding="utf-8")
    with pytest.raises((Refused, InvalidValue), match="--index-url"):
        target.create("line", evolve(saved(2), path=folder, digest=None), {})
    assert (list(target.list()), containers(target, engine)) == ([], [])


def test_an_engine_without_room(target, saved, options, small_engine, tmp_path):
    """A new deployment is none; an old one goes on answering, and can be updated once there is room.

    The packages are in an image that the engine reads from another disk, so that the model alone takes room.
    """
    target.create("line", saved(2), {})
    on_small_disk = ContainerTarget(tmp_path / "small", evolve(options, engine=small_engine.address))
    made = on_small_disk.create("line", saved(2), {})
    small_engine.fill()
    with pytest.raises(ExecutionFailed, match=r"(?i)no space left on device"):
        on_small_disk.create("other", saved(3), {})
    with pytest.raises(ExecutionFailed, match=r"deployment is as it was before.*(?s:.*)(?i:no space left on device)"):
        on_small_disk.update("line", saved(3), {})
    assert on_small_disk.list() == [made]
    assert answer(made.endpoint) == 2
    small_engine.clear()
    assert answer(on_small_disk.update("line", saved(3), {}).endpoint) == 3
    on_small_disk.delete("line")


def test_an_interrupted_update_is_cleaned_up_by_the_next(target, saved, engine):
    """The old container goes on answering; the half-made one is removed by whatever changes the deployment next."""
    made = target.create("line", saved(2), {})
    (state,) = containers(target, engine)
    half = ContainerSpec(BASE, ("-c", "pass"), ("python",), f"{state.name}{NEXT}", dict(state.labels))
    engine.start(engine.create(half))
    assert target.get("line") == made
    assert answer(target.update("line", None, {}).endpoint) == 2
    assert [each.name for each in containers(target, engine)] == [state.name]


def test_labels_that_cannot_be_read_are_said_and_can_be_deleted(target, engine):
    labels = {TARGET_LABEL: target._scope, NAME_LABEL: "odd", RECORD_LABEL: "{"}
    engine.create(ContainerSpec(BASE, ("-c", "pass"), ("python",), labels=labels))
    (found,) = target.list()
    assert (found.name, found.status) == ("odd", DeploymentStatus.FAILED)
    assert "cannot be read" in found.message
    target.delete("odd")
    assert list(target.list()) == []


def test_an_engine_that_is_not_there_and_a_base_that_nobody_has(saved, options, tmp_path):
    nobody = f"unix://{tmp_path}/nobody.sock"
    with pytest.raises(Unavailable, match="option 'engine'"):
        ContainerTarget(tmp_path, evolve(options, engine=nobody)).list()
    absent = ContainerTarget(tmp_path, evolve(options, base="localhost/no-such-image:7"))
    with pytest.raises(NotFound, match="no-such-image"):
        absent.create("line", saved(2), {})
    assert list(absent.list()) == []


def test_a_registry_of_the_base_that_wants_a_password(saved, options, private_registry, tmp_path):
    with podman_service(tmp_path / "s") as address:
        behind = ContainerTarget(tmp_path, evolve(options, engine=address, base=f"{private_registry}/private/base:1"))
        with pytest.raises(NotFound, match=r"cannot pull it: .*(unauthorized|authentication required)"):
            behind.create("line", saved(2), {})
        assert list(behind.list()) == []


def test_an_engine_that_goes_away_keeps_no_deployment_from_answering(target, saved, options, tmp_path):
    """Whoever looks is told that the engine is away; once it is back, all is as it was."""
    made = target.create("line", saved(2), {})
    with podman_service(tmp_path / "s") as address:
        other = ContainerTarget(target._folder, evolve(options, engine=address))
        assert other.get("line") == made
    for ask in (lambda: other.get("line"), other.list, lambda: other.update("line", saved(3), {})):
        with pytest.raises(Unavailable, match="engine"):
            ask()
    assert answer(made.endpoint) == 2
    assert target.list() == [made]


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_goes_away_in_the_middle_of_a_start(target, saved, options, engine, tmp_path):
    """The error says that a container may be left, and how it is taken away.

    httpx leaves its socket open, with a warning, where the engine goes away just before it is asked.
    """
    target.create("other", saved(2), {})  # the image is there, so that the start alone takes time
    with ThreadPoolExecutor(1) as thread:
        with podman_service(tmp_path / "s") as address:
            cut = ContainerTarget(target._folder, evolve(options, engine=address))
            creating = thread.submit(cut.create, "line", saved(2), {"cpus": "0.05"})  # so that it is slow to answer
            while not engine.find({TARGET_LABEL: target._scope, NAME_LABEL: "line"}):
                assert not creating.done(), creating.result()
        with pytest.raises(Unavailable, match="hookline deployments delete line -t container"):
            creating.result(60)
    target.delete("line")
    assert [each.name for each in target.list()] == ["other"]
    assert len(containers(target, engine)) == 1
    del creating
    gc.collect()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"memory": "much"}, "memory"),
        ({"cpus": "none"}, "cpus"),
        ({"workers": "2"}, "workers"),
        ({"port": "x"}, "port"),
    ],
)
def test_a_configuration_is_checked_before_anything_is_made(target, saved, config, said):
    with pytest.raises(InvalidValue, match=said):
        target.create("line", saved(2), config)
    assert list(target.list()) == []


def test_what_a_uri_holds_stays_in_its_label(saved):
    """A model's URI is a value in the Dockerfile, and no instruction."""
    text = str(model_context(BASE, evolve(saved(2), uri='a"$(x)\\'), "sha256:0").dockerfile)
    assert 'LABEL "hookline.model"="a\\"\\$(x)\\\\"' in text
    with pytest.raises(InvalidValue):
        model_context(BASE, evolve(saved(2), uri="a\nRUN x"), "sha256:0")
