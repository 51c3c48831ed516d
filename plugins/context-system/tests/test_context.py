"""What is told of this machine by the real psutil: names, units, and that the numbers are those of the system."""

import math
import os
import platform
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

import hookline_context_system
from hookline.entities import SYSTEM_PREFIX, Metric
from hookline.plugins import Plugins
from hookline.testing import PluginSuite, RunContextSuite, memory_workspace
from hookline_context_system import machine
from hookline_context_system.context import SystemContext
from hookline_context_system.machine import Machine

AT_ONCE = {
    "system_memory_usage_megabytes",
    "system_memory_usage_percentage",
    "system_memory_available_megabytes",
    "process_memory_usage_megabytes",
    "disk_usage_megabytes",
    "disk_usage_percentage",
    "disk_available_megabytes",
    "network_receive_megabytes",
    "network_transmit_megabytes",
}
RATES = {
    "cpu_utilization_percentage",
    "process_cpu_utilization_percentage",
    "disk_read_bytes_per_second",
    "disk_write_bytes_per_second",
    "network_receive_bytes_per_second",
    "network_transmit_bytes_per_second",
}


class TestPlugin(PluginSuite):
    plugin = "context-system"


class TestContext(RunContextSuite):
    component = f"{platform.system()} without GPUs"

    @pytest.fixture
    def context(self):
        return SystemContext()


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def this(clock, monkeypatch):
    """This machine, seen by a clock that a test moves, without GPUs."""
    monkeypatch.setattr(machine, "Gpus", lambda: GPULESS)
    return Machine(clock)


class Gpuless:
    def sample(self):
        return {}


GPULESS = Gpuless()


def work(seconds):
    """Use so much time of a CPU, since systems count it in ticks of their own clock."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        sum(range(10_000))


def sample(this):
    return {key.removeprefix(SYSTEM_PREFIX): value for key, value in this.sample().items()}


# The real machine ----------------------------------------------------------------------------------------------------


def test_rates_come_with_the_second_sample(this, clock):
    assert set(sample(this)) == AT_ONCE
    work(0.1)
    clock.now += 10
    told = sample(this)
    missing = set() if psutil.disk_io_counters() else {each for each in RATES if each.startswith("disk")}
    assert set(told) == AT_ONCE | (RATES - missing)


def test_everything_is_a_metric_of_a_run(this, clock):
    for _ in range(2):
        for key, value in this.sample().items():
            assert math.isfinite(Metric(key, value).value)
            assert key.startswith("system/")
        clock.now += 10


def test_percentages_are_of_the_whole(this, clock):
    sample(this)
    work(0.1)
    clock.now += 1
    told = sample(this)
    for name in ("cpu_utilization", "system_memory_usage", "disk_usage"):
        assert 0 <= told[f"{name}_percentage"] <= 100


def test_memory_and_disk_are_those_of_the_system(this, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = sample(this)
    total = psutil.virtual_memory().total / 1e6
    assert 0 < told["process_memory_usage_megabytes"] < told["system_memory_usage_megabytes"] < total
    assert told["system_memory_available_megabytes"] < total
    folder = os.statvfs(tmp_path)
    whole = folder.f_blocks * folder.f_frsize / 1e6
    assert told["disk_usage_megabytes"] + told["disk_available_megabytes"] <= whole


def test_memory_that_this_process_takes_is_seen(this):
    before = sample(this)["process_memory_usage_megabytes"]
    taken = bytearray(os.urandom(1024) * 200_000)
    assert sample(this)["process_memory_usage_megabytes"] - before > 150
    assert len(taken)


def test_work_of_this_process_is_seen():
    """By the real clock, since the system counts in real time."""
    busy = Machine()
    sample(busy)
    work(0.7)
    told = sample(busy)
    assert told["process_cpu_utilization_percentage"] > 0
    assert told["cpu_utilization_percentage"] > 0


def test_traffic_is_seen(this, clock):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            first = sample(this)
            assert first["network_receive_megabytes"] == 0
            reader = threading.Thread(target=_read_all, args=(accepted,))
            reader.start()
            client.sendall(bytes(5_000_000))
            client.shutdown(socket.SHUT_WR)
            reader.join(60)
    clock.now += 10
    told = sample(this)
    assert told["network_receive_megabytes"] >= 5
    assert told["network_receive_bytes_per_second"] == pytest.approx(told["network_receive_megabytes"] * 1e5)


def _read_all(connection):
    while connection.recv(65536):
        pass


# What psutil may say -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "repeated", "rates"),
    [
        (0.0, True, True),
        (0.49, True, True),
        (0.5, False, True),
        (10.0, False, True),
        (60.0, False, True),
        (60.1, False, False),
        (1e6, False, False),
    ],
)
def test_rates_are_over_neither_too_short_nor_too_long_a_time(this, clock, monkeypatch, seconds, repeated, rates):
    counted = iter((0.0, 100.0, 300.0))
    monkeypatch.setattr(machine, "_disk_traffic", lambda: {"disk_read_bytes": next(counted), "disk_write_bytes": 0.0})
    sample(this)
    clock.now += 10
    assert sample(this)["disk_read_bytes_per_second"] == 10.0
    clock.now += seconds
    told = sample(this)
    assert ("disk_read_bytes_per_second" in told) == rates
    if rates:
        assert told["disk_read_bytes_per_second"] == (10.0 if repeated else pytest.approx(200.0 / seconds))


class Times(dict):
    def _asdict(self):
        return dict(self)


LINUX = {"user": 0.0, "nice": 0.0, "system": 0.0, "idle": 0.0, "iowait": 0.0, "guest": 0.0, "guest_nice": 0.0}
MACOS = {"user": 0.0, "nice": 0.0, "system": 0.0, "idle": 0.0}


@pytest.mark.parametrize(
    ("before", "after", "percentage"),
    [
        (LINUX, {"user": 3.0, "idle": 7.0}, 30.0),
        (LINUX, {"user": 3.0, "idle": 5.0, "iowait": 2.0}, 30.0),
        (LINUX, {"user": 3.0, "guest": 2.0, "idle": 7.0}, 30.0),
        (LINUX, {"nice": 3.0, "guest_nice": 3.0, "system": 2.0, "idle": 5.0}, 50.0),
        (LINUX, {"user": 10.0}, 100.0),
        (LINUX, {"user": 10.0, "idle": -0.02}, 100.0),  # iowait and idle of Linux go back now and then
        (LINUX, {"idle": 10.0}, 0.0),
        (LINUX, {}, None),
        (MACOS, {"user": 1.0, "system": 1.0, "idle": 8.0}, 20.0),
    ],
)
def test_the_cpu_is_busy_when_it_is_not_idle(this, clock, monkeypatch, before, after, percentage):
    answers = iter((Times(before), Times({**before, **after})))
    monkeypatch.setattr(psutil, "cpu_times", lambda: next(answers))
    sample(this)
    clock.now += 10
    told = sample(this).get("cpu_utilization_percentage")
    assert told == (None if percentage is None else pytest.approx(percentage))


def test_counters_that_were_set_back_are_no_negative_rates(this, clock, monkeypatch):
    counted = iter((1000.0, 10.0))
    names = ("network_receive_bytes", "network_transmit_bytes")
    monkeypatch.setattr(machine, "_network_traffic", lambda: dict.fromkeys(names, next(counted)))
    sample(this)
    clock.now += 10
    told = sample(this)
    assert (told["network_receive_bytes_per_second"], told["network_receive_megabytes"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("function", "lost"),
    [
        ("virtual_memory", "system_memory"),
        ("disk_usage", "disk_usage disk_available"),
        ("cpu_times", "cpu"),
        ("disk_io_counters", "disk_read disk_write"),
        ("net_io_counters", "network"),
    ],
)
@pytest.mark.parametrize(
    "answer",
    [
        PermissionError("/proc"),
        FileNotFoundError("/proc"),
        NotImplementedError(),
        psutil.AccessDenied(),
        ValueError("?"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_container_does_not_tell_is_left_out(this, clock, monkeypatch, function, lost, answer):
    def refuse(*_arguments):
        raise answer

    monkeypatch.setattr(psutil, function, refuse)
    sample(this)
    clock.now += 10
    told = sample(this)
    assert told
    assert not [name for name in told if name.startswith(tuple(lost.split()))]


@pytest.mark.parametrize(("function", "lost"), [("disk_io_counters", "disk_read"), ("net_io_counters", "network")])
def test_a_machine_without_disks_or_networks_has_no_metrics_of_them(this, clock, monkeypatch, function, lost):
    monkeypatch.setattr(psutil, function, lambda: None)
    sample(this)
    clock.now += 10
    told = sample(this)
    assert not [name for name in told if name.startswith(lost)]


# In a workspace ------------------------------------------------------------------------------------------------------


def test_a_workspace_uses_it(tmp_path):
    plugins = Plugins.discover(allow=["context-system"])
    (provider,) = plugins.providers("run_contexts")
    assert isinstance(plugins.load("run_contexts", provider)(), SystemContext)


def test_a_run_gets_its_metrics_and_can_do_without(tmp_path):
    with memory_workspace(tmp_path, hookline_context_system) as workspace:
        workspace.runs._sampler._interval = 0.0
        with workspace.start_run() as run:
            pass
        assert {f"system/{name}" for name in AT_ONCE} <= set(run.data.metrics)
    assert Plugins.discover(disable=["context-system"]).providers("run_contexts") == [
        each for each in Plugins.discover().providers("run_contexts") if each.name != "system"
    ]


def test_a_short_run_does_not_load_psutil(tmp_path):
    program = """
import sys
from pathlib import Path
import hookline_context_system
from hookline.testing import memory_workspace
with memory_workspace(Path(sys.argv[1]), hookline_context_system) as workspace, workspace.start_run() as run:
    run.log_metric("a", 1)
print("psutil" in sys.modules, "hookline_context_system.context" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
