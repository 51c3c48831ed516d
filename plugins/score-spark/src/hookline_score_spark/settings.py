"""How Spark is used: the options under `engines.spark`, and the settings of a job (`-c key=value`)."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from attrs import evolve, field, frozen

from hookline.errors import InvalidValue

OWN = "spark."


@frozen
class SparkSettings:
    """How Spark is used.

    Attributes:
        master: as Spark names it: `local[*]` is this machine, `spark://host:7077` a cluster.
        packages: `installed` where the workers have what the model needs; `shipped` sends them what is installed here.
        python: of the workers; default this one on this machine, `python3` on a cluster. Its version is this one's.
        multiline: whether a value in CSV may hold line breaks. Without them several tasks read one file.
        patience: seconds to wait for the first worker of a cluster.
        log_level: of Spark's own log, which goes to stderr: off, error, warn, info...
        spark: settings of Spark's own, such as `spark.executor.memory`; for a job just `-c spark.executor.memory=4g`.
    """

    master: str = "local[*]"
    packages: Literal["installed", "shipped"] = "installed"
    python: str = ""
    multiline: bool = True
    patience: float = 60.0
    log_level: str = "off"
    spark: Mapping[str, str] = field(factory=dict)

    @property
    def is_local(self) -> bool:
        """Whether the workers are of this machine and this process."""
        return self.master == "local" or self.master.startswith("local[")

    def changed(self, config: Mapping[str, str]) -> "SparkSettings":
        """Return these settings with those of a job. Raises `InvalidValue` for a key or a value that is none."""
        own = {key: text for key, text in config.items() if key.startswith(OWN)}
        read = {key: _read(key, text) for key, text in config.items() if key not in own}
        found = evolve(self, spark={**self.spark, **own}, **read)
        if found.packages == "shipped" and found.is_local:
            raise InvalidValue("packages=shipped is for clusters: workers of this machine have what is installed here.")
        return found


def _read(key: str, text: str) -> Any:
    if key not in _READERS:
        raise InvalidValue(
            f"The engine 'spark' has no setting {key!r}; it has {', '.join(_READERS)}, and Spark's own: spark...."
        )
    try:
        return _READERS[key](text)
    except ValueError:
        raise InvalidValue(f"The setting {key!r} of the engine 'spark' cannot be {text!r}; {_ALLOWED[key]}.") from None


def _packages(text: str) -> str:
    if text not in ("installed", "shipped"):
        raise ValueError(text)
    return text


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else _refuse(text)


def _seconds(text: str) -> float:
    found = float(text)
    return found if 0 < found < 1e9 else _refuse(text)


def _level(text: str) -> str:
    return text.lower() if text.lower() in _LEVELS else _refuse(text)


def _refuse(text: str) -> Any:
    raise ValueError(text)


_LEVELS = ("off", "fatal", "error", "warn", "info", "debug", "trace", "all")
_READERS: Mapping[str, Callable[[str], Any]] = {
    "master": str,
    "packages": _packages,
    "python": str,
    "multiline": _boolean,
    "patience": _seconds,
    "log_level": _level,
}
_ALLOWED = {
    "packages": "it is installed or shipped",
    "multiline": "it is true or false",
    "patience": "it is a number of seconds above 0",
    "log_level": f"it is one of {', '.join(_LEVELS)}",
}
