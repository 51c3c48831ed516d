"""The engine beside the one of this machine, on a cluster of its own, and when something is in its way."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import PathDistribution, distribution
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pyspark
import pytest

from hookline.config import Config
from hookline.entities import ScoringJob
from hookline.errors import ExecutionFailed, InvalidState, InvalidValue, Unavailable
from hookline.workspace import Workspace

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers have no module of tests
HERE = {"master": "local[2]"}
ROWS = pd.DataFrame(
    {
        "code": [f"{number:03}" for number in range(500)],
        "x": np.linspace(0, 1, 500),
        "n": np.arange(500),
        "text": ['a "quoted", value', "two\nlines", "é", ""] * 125,
    }
)


def described(rows):
    """Say what the model was given, with all digits."""
    return pd.DataFrame(
        {"code": rows["code"] + "!", "x": rows["x"] * 3, "n": rows["n"] + 1, "long": rows["text"].str.len()}
    )


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Workspace(Config.from_mapping({}, home=tmp_path / ".hookline")) as workspace:
        yield workspace


@pytest.fixture
def score(workspace):
    def run(function, source, target, config, engine="spark", example=ROWS, **changed):
        name = f"model-{function.__name__}"
        if not Path(name).exists():
            workspace.save_model(function, name, input_example=example)
        formats = [Path(each).suffix[1:] for each in (source, target)]
        job = ScoringJob(source, target, *formats, config=config, **changed)
        return workspace.scoring.score(f"./{name}", job, engine=engine, allow_pickle=True)

    return run


def write(rows, name):
    if name.endswith("csv"):
        rows.to_csv(name, index=False)
    elif name.endswith("jsonl"):
        rows.to_json(name, orient="records", lines=True)
    else:
        rows.to_parquet(name, index=False)


def parts(folder):
    return sorted(each for each in Path(folder).iterdir() if each.name.startswith("part-"))


@pytest.mark.parametrize("source", ["rows.csv", "rows.jsonl", "rows.parquet"])
def test_predictions_are_those_of_this_machine_to_the_last_digit(score, source):
    write(ROWS, source)
    Path("here").mkdir()
    for target, header in (("out.csv", "code,x,n,long\n"), ("out.jsonl", "")):
        assert score(described, source, f"here/{target}", {}, "local") == len(ROWS)
        assert score(described, source, target, HERE, chunk_rows=100) == len(ROWS)
        assert {part.suffix for part in parts(target)} == {Path(target).suffix}
        found = "".join(part.read_text(encoding="utf-8").removeprefix(header) for part in parts(target))
        assert header + found == Path(f"here/{target}").read_text(encoding="utf-8")
    score(described, source, "here/out.parquet", {}, "local")
    score(described, source, "out.parquet", HERE)
    pd.testing.assert_frame_equal(pd.read_parquet("out.parquet"), pd.read_parquet("here/out.parquet"))


@pytest.mark.parametrize("row", ["a,1,2,b,c", "a,1,2"], ids=["too many", "too few"])
def test_another_number_of_values_than_the_header_has_is_no_row(score, row):
    Path("rows.csv").write_text(f"code,x,n,text\na,1,2,b\n{row}\n", encoding="utf-8")
    with pytest.raises((InvalidValue, ExecutionFailed), match=r"(?i)malformed"):
        score(described, "rows.csv", "out.csv", HERE)
    assert not Path("out.csv").exists()


# A cluster -----------------------------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Cluster:
    """A master and workers on this machine, as processes of their own."""

    def __init__(self, folder):
        self.folder, self.port, self.processes = folder, free_port(), []
        self.url = f"spark://127.0.0.1:{self.port}"

    def start(self, name, *words):
        home = Path(pyspark.__file__).parent
        command = [home / "bin/spark-class", f"org.apache.spark.deploy.{name}", *map(str, words), "--webui-port", "0"]
        variables = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
        with (self.folder / f"{len(self.processes)}.log").open("w") as log:
            self.processes.append(
                subprocess.Popen(command, stdout=log, stderr=log, env=variables, start_new_session=True)
            )

    def start_master(self):
        self.start("master.Master", "--host", "127.0.0.1", "--port", self.port)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.2)
        raise TimeoutError((self.folder / "0.log").read_text())

    def start_worker(self):
        work = self.folder / "work"
        self.start("worker.Worker", self.url, "--host", "127.0.0.1", "--cores", 2, "--memory", "2g", "--work-dir", work)

    def stop(self):
        for each in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(each.pid, signal.SIGTERM)
        for each in self.processes:
            each.wait(timeout=60)

    @property
    def settings(self):
        loopback = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        return {"master": self.url, **loopback, "spark.executor.memory": "1g", "patience": "120"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    made.start_master()
    made.start_worker()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """A Python that has no packages at all."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return str(folder / "bin" / "python")


def test_a_cluster_whose_workers_have_the_packages(score, cluster):
    write(ROWS, "rows.parquet")
    assert score(described, "rows.parquet", "out.csv", {**cluster.settings, "python": sys.executable}) == len(ROWS)


def test_workers_without_packages_are_sent_them(score, cluster, bare_python, workspace):
    if '"editable"' in (distribution("hookline-core").read_text("direct_url.json") or ""):
        pytest.skip("packages that are links to their sources cannot be sent: tox -e spark installs them as packages")
    write(ROWS, "rows.csv")
    bare = {**cluster.settings, "python": bare_python}
    with pytest.raises(ExecutionFailed, match="packages=shipped"):
        score(described, "rows.csv", "out.csv", bare)
    for _ in range(2):
        assert score(described, "rows.csv", "out.csv", {**bare, "packages": "shipped"}) == len(ROWS)
    kept = [each.name for each in (workspace.config.home / "scoring" / "spark").iterdir()]
    assert [re.sub("[0-9a-f]{32}", "DIGEST", each) for each in kept] == ["packages-DIGEST.zip"]


def test_links_to_sources_cannot_be_sent(score, monkeypatch):
    read = PathDistribution.read_text

    def as_link(self, name):
        return '{"dir_info": {"editable": true}}' if name == "direct_url.json" else read(self, name)

    monkeypatch.setattr(PathDistribution, "read_text", as_link)
    write(ROWS, "rows.csv")
    with pytest.raises(InvalidState, match="a link to its sources"):
        score(described, "rows.csv", "out.csv", {"master": "spark://127.0.0.1:1", "packages": "shipped"})


# In the way ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        ({"master": "spark://127.0.0.1:1"}, Unavailable, "No master of Spark answers"),
        ({"master": "spark://127.0.0.1"}, InvalidValue, "spark://HOST:PORT"),
        ({**HERE, "packages": "shipped"}, InvalidValue, "for clusters"),
        ({**HERE, "packages": "some"}, InvalidValue, "installed or shipped"),
        ({**HERE, "patience": "long"}, InvalidValue, "seconds"),
        ({**HERE, "multiline": "maybe"}, InvalidValue, "true or false"),
        ({"master": "nonsense"}, Unavailable, "does not start"),
    ],
)
def test_settings_that_lead_nowhere_are_told(score, config, error, said):
    write(ROWS, "rows.csv")
    with pytest.raises(error, match=said):
        score(described, "rows.csv", "out.csv", config)
    assert not Path("out.csv").exists()


def test_a_machine_without_java_is_told_what_it_needs(score, monkeypatch):
    write(ROWS, "rows.csv")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="Java 17"):
        score(described, "rows.csv", "out.csv", HERE)


def test_a_cluster_without_workers_is_not_waited_for_for_ever(score, tmp_path):
    empty = Cluster(tmp_path)
    write(ROWS, "rows.csv")
    try:
        empty.start_master()
        with pytest.raises(Unavailable, match="No worker"):
            score(described, "rows.csv", "out.csv", {**empty.settings, "patience": "2"})
    finally:
        empty.stop()


def dies(rows):
    os.kill(os.getpid(), signal.SIGKILL)


def dies_once(rows):
    """Kill the worker process the first time."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(os.environ["HOOKLINE_TEST_MARK"], os.O_CREAT | os.O_EXCL))
        os.kill(os.getpid(), signal.SIGKILL)
    return rows["x"].to_numpy()


def test_a_worker_that_dies_is_told(score):
    write(ROWS, "rows.csv")
    with pytest.raises(ExecutionFailed, match="A worker process of Spark died"):
        score(dies, "rows.csv", "out.csv", HERE, example=None)
    assert not Path("out.csv").exists()


def test_a_cluster_tries_again_where_a_worker_died(score, cluster, tmp_path):
    write(ROWS, "rows.parquet")
    mark = {"spark.executorEnv.HOOKLINE_TEST_MARK": str(tmp_path / "died")}
    config = {**cluster.settings, **mark, "python": sys.executable}
    assert score(dies_once, "rows.parquet", "out.csv", config, example=None) == len(ROWS)
    assert (tmp_path / "died").exists()


@pytest.mark.parametrize("target", ["file/out.csv", "/proc/out.csv"])
def test_a_place_that_cannot_be_written_is_named(score, target):
    write(ROWS, "rows.csv")
    Path("file").touch()
    with pytest.raises((InvalidValue, ExecutionFailed), match=r"out\.csv|[Mm]kdirs|not a directory|Not a directory"):
        score(described, "rows.csv", target, HERE)


def test_a_full_disk_leaves_what_was_there(score, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        write(ROWS[:3], "few.csv")
        write(pd.concat([ROWS] * 400), "rows.csv")
        score(described, "few.csv", f"{disk}/out.csv", HERE)
        with pytest.raises(ExecutionFailed, match="No space left"):
            score(described, "rows.csv", f"{disk}/out.csv", HERE)
        assert sum(len(pd.read_csv(part)) for part in parts(disk / "out.csv")) == 3
        assert [each.name for each in disk.iterdir()] == ["out.csv"]
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_nothing_is_left_running(score):
    """The session ends with the job; Java's process ends with this one."""
    from pyspark.sql import SparkSession

    write(ROWS, "rows.csv")
    score(described, "rows.csv", "out.csv", HERE)
    assert SparkSession.getActiveSession() is None
