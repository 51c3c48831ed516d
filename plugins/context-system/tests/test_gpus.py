"""GPUs. The tests with devices ask a fake of NVML, since test machines have none; the last asks the real one."""

import sys
from types import SimpleNamespace

import pytest

from hookline_context_system.gpus import Gpus


class FakeNvmlError(Exception):
    pass


class FakeNvml:
    """Stands for the module `pynvml`: devices by number, each a mapping of what it tells; the rest is not supported."""

    NVMLError = FakeNvmlError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self, *devices, driver=True):
        self.devices, self.driver = devices, driver

    def nvmlInit(self):
        if not self.driver:
            raise FakeNvmlError("Driver Not Loaded")

    def nvmlDeviceGetCount(self):
        return len(self.devices)

    def nvmlDeviceGetHandleByIndex(self, number):
        if self.devices[number] is None:
            raise FakeNvmlError("GPU is lost")
        return self.devices[number]

    def nvmlDeviceGetUtilizationRates(self, device):
        return SimpleNamespace(gpu=self._told(device, "utilization"), memory=0)

    def nvmlDeviceGetMemoryInfo(self, device):
        used, total = self._told(device, "memory")
        return SimpleNamespace(used=used, total=total, free=total - used)

    def nvmlDeviceGetPowerUsage(self, device):
        return self._told(device, "power")

    def nvmlDeviceGetEnforcedPowerLimit(self, device):
        return self._told(device, "limit")

    def nvmlDeviceGetTemperature(self, device, sensor):
        assert sensor == self.NVML_TEMPERATURE_GPU
        return self._told(device, "temperature")

    def _told(self, device, what):
        if what not in device:
            raise FakeNvmlError("Not Supported")
        return device[what]


WHOLE = {
    "utilization": 37,
    "memory": (2_000_000_000, 8_000_000_000),
    "power": 120_000,
    "limit": 300_000,
    "temperature": 55,
}
TOLD = {
    "utilization_percentage": 37,
    "memory_usage_megabytes": 2000.0,
    "memory_usage_percentage": 25.0,
    "power_usage_watts": 120.0,
    "power_usage_percentage": 40.0,
    "temperature_celsius": 55,
}


def of(number, told):
    return {f"gpu_{number}_{name}": value for name, value in told.items()}


def without(told, *starts):
    return {name: value for name, value in told.items() if not name.startswith(starts)}


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        (FakeNvml(), {}),
        (FakeNvml(WHOLE, driver=False), {}),
        (FakeNvml(WHOLE), of(0, TOLD)),
        (FakeNvml(WHOLE, WHOLE), of(0, TOLD) | of(1, TOLD)),
        (FakeNvml(None, WHOLE), of(1, TOLD)),
        (FakeNvml(without(WHOLE, "utilization")), of(0, without(TOLD, "utilization"))),
        (FakeNvml(without(WHOLE, "power", "limit")), of(0, without(TOLD, "power"))),
        (FakeNvml(without(WHOLE, "limit")), of(0, without(TOLD, "power_usage_percentage"))),
        (FakeNvml({}), {}),
    ],
    ids=[
        "no device",
        "no driver",
        "a device",
        "two devices",
        "a device that is lost",
        "no utilization, as with MIG",
        "no sensor of power",
        "no limit of power",
        "nothing is supported",
    ],
)
def test_each_device_is_told_of_by_a_fake_nvml(monkeypatch, library, expected):
    monkeypatch.setitem(sys.modules, "pynvml", library)
    assert Gpus().sample() == pytest.approx(expected)


def test_a_device_that_fails_later_is_left_out_of_samples(monkeypatch):
    device = dict(WHOLE)
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(device))
    gpus = Gpus()
    device.clear()
    assert gpus.sample() == {}


def test_without_the_library_there_are_no_gpus(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert Gpus().sample() == {}


def test_the_real_library_starts_or_says_that_there_is_no_driver():
    """No fake: where the tests run on a machine with a device, it is asked."""
    pytest.importorskip("pynvml", reason="the extra gpu is not installed")
    told = Gpus().sample()
    assert all(name.startswith("gpu_") for name in told)
