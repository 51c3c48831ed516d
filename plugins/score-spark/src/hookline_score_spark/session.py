"""Sessions of Spark: started for a job, and stopped after it; one that the program has already is used and left."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import as_file, files
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from hookline.errors import InvalidValue, Unavailable
from hookline_score_spark.problems import first_line
from hookline_score_spark.settings import SparkSettings

_PYTHON = "PYSPARK_PYTHON"


@contextmanager
def session(settings: SparkSettings, more: Mapping[str, str]) -> Iterator[SparkSession]:
    """Give a session.

    Args:
        more: settings of Spark's own that this job needs, beside those of the user.

    Raises:
        Unavailable: there is no Java, or no cluster, or no worker in it. InvalidValue: a setting is refused.
    """
    active = SparkSession.getActiveSession()
    if active is not None:
        if settings.packages == "shipped" or settings.spark:
            raise InvalidValue("This program has a Spark session already, whose settings stay as they are.")
        yield active
        return
    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        raise Unavailable("Spark needs Java 17 or later, and there is none: install one, or set JAVA_HOME.")
    _require_master(settings.master)
    with as_file(files("hookline_score_spark") / "log4j2.properties") as log:
        started = _start(settings, {**_own(settings, str(log)), **more, **settings.spark})
    try:
        _wait_for_worker(started, settings)
        yield started
    finally:
        started.stop()


def _own(settings: SparkSettings, log: str) -> dict[str, str]:
    own = {
        "spark.app.name": "hookline models score",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={log} -Dhookline.level={settings.log_level}",
    }
    if settings.is_local:
        own |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return own


def _start(settings: SparkSettings, configured: Mapping[str, str]) -> SparkSession:
    builder = SparkSession.builder.master(settings.master)
    for key, value in configured.items():
        builder = builder.config(key, value)
    before = os.environ.get(_PYTHON)
    os.environ[_PYTHON] = settings.python or (sys.executable if settings.is_local else "python3")
    try:
        return builder.getOrCreate()
    except (Py4JError, PySparkException, RuntimeError, OSError) as error:
        raise Unavailable(
            f"Spark does not start with the master {settings.master!r}: {first_line(str(error))}."
        ) from error
    finally:
        if before is None:
            del os.environ[_PYTHON]
        else:
            os.environ[_PYTHON] = before


def _require_master(master: str) -> None:
    """Ask whether a standalone master listens: Spark itself tries for a minute, and says little."""
    if not master.startswith("spark://"):
        return
    places = [each.rpartition(":") for each in master.removeprefix("spark://").split(",")]
    if not all(host and port.isdigit() for host, _, port in places):
        raise InvalidValue(f"The master {master!r} has not the form spark://HOST:PORT.")
    for host, _, port in places:
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
            return
        except OSError:
            continue
    raise Unavailable(f"No master of Spark answers at {master!r}. Check the address, and whether it runs.")


def _wait_for_worker(spark: Any, settings: SparkSettings) -> None:
    """Wait until a worker has taken the program: without one Spark would wait for ever."""
    if settings.is_local or spark.conf.get("spark.dynamicAllocation.enabled", "false") == "true":
        return
    end = time.monotonic() + settings.patience
    while spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < 2:  # the driver is one of them
        if time.monotonic() > end:
            raise Unavailable(
                f"No worker of {settings.master!r} took the program within {settings.patience:g} s. Check that there "
                "are workers, and that they have the memory and cores that spark.executor.* asks for."
            )
        time.sleep(0.1)
