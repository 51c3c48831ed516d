"""What NVIDIA's driver tells of its devices, where there is one and the extra `gpu` is installed."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from hookline.providers import resolve

LIBRARY = "pynvml"
"""The module of the distribution nvidia-ml-py."""
_MEGABYTE = 1e6


class Gpus:
    """The devices of this machine; none without the library, without a driver, and where it fails to start."""

    def __init__(self) -> None:
        self._devices: Sequence[tuple[int, Any]] = ()
        try:
            self._library = resolve(LIBRARY)
        except ImportError:
            return
        with suppress(self._library.NVMLError):
            self._library.nvmlInit()
            self._devices = [*self._found()]

    def _found(self) -> Sequence[tuple[int, Any]]:
        found = []
        for number in range(self._library.nvmlDeviceGetCount()):
            with suppress(self._library.NVMLError):  # one that fell off the bus hides no other
                found.append((number, self._library.nvmlDeviceGetHandleByIndex(number)))
        return found

    def sample(self) -> dict[str, float]:
        """Return what each device tells; what it has no sensor for is left out."""
        questions = (self._utilization, self._memory, self._power, self._temperature)
        return {
            f"gpu_{number}_{name}": value
            for number, handle in self._devices
            for ask in questions
            for name, value in self._told(ask, handle).items()
        }

    def _told(self, ask: Callable[[Any], Mapping[str, float]], handle: Any) -> Mapping[str, float]:
        with suppress(self._library.NVMLError):
            return ask(handle)
        return {}

    def _utilization(self, handle: Any) -> dict[str, float]:
        return {"utilization_percentage": self._library.nvmlDeviceGetUtilizationRates(handle).gpu}

    def _memory(self, handle: Any) -> dict[str, float]:
        memory = self._library.nvmlDeviceGetMemoryInfo(handle)
        return {
            "memory_usage_megabytes": memory.used / _MEGABYTE,
            "memory_usage_percentage": 100 * memory.used / memory.total,
        }

    def _power(self, handle: Any) -> dict[str, float]:
        watts = self._library.nvmlDeviceGetPowerUsage(handle) / 1000
        told = {"power_usage_watts": watts}
        with suppress(self._library.NVMLError):  # a limit is not set everywhere
            told["power_usage_percentage"] = 100_000 * watts / self._library.nvmlDeviceGetEnforcedPowerLimit(handle)
        return told

    def _temperature(self, handle: Any) -> dict[str, float]:
        sensor = self._library.NVML_TEMPERATURE_GPU
        return {"temperature_celsius": self._library.nvmlDeviceGetTemperature(handle, sensor)}
