"""Where the predictions go: a folder of parts that gets its name once it is complete."""

import contextlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError

from hookline.errors import InvalidValue
from hookline_score_spark.problems import first_line


@contextmanager
def published(spark: Any, target: str, name: str, ending: str) -> Iterator[str]:
    """Give a folder to write into that gets the name of the target when the block ends well, and is gone otherwise.

    What was there before is replaced then, and stays until then. Any file system that Spark reaches may hold it.

    Args:
        target: a URI. name: as the user wrote it, for messages. ending: that the names of the parts get.

    Raises:
        InvalidValue: it cannot be written.
    """
    path = spark._jvm.org.apache.hadoop.fs.Path(target)
    with _writing(name):
        files = path.getFileSystem(spark._jsc.hadoopConfiguration())
    token = secrets.token_hex(4)
    beside = [
        spark._jvm.org.apache.hadoop.fs.Path(path.getParent(), f".{path.getName()}.{token}.{each}") for each in "no"
    ]
    new, old = beside
    try:
        yield str(new.toUri())
        with _writing(name):
            _rename_parts(spark, files, new, ending)
            _replace(files, new, path, old)
    except BaseException:
        with contextlib.suppress(Py4JError):
            files.delete(new, True)
        raise


def _rename_parts(spark: Any, files: Any, folder: Any, ending: str) -> None:
    """Give parts that Spark wrote as texts the ending of what they hold."""
    for each in files.listStatus(folder):
        stem, _, found = each.getPath().getName().rpartition(".")
        if stem.startswith("part-") and found == "txt":
            files.rename(each.getPath(), spark._jvm.org.apache.hadoop.fs.Path(folder, f"{stem}.{ending}"))


def _replace(files: Any, new: Any, path: Any, old: Any) -> None:
    there = files.exists(path)
    if there and not files.rename(path, old):
        raise InvalidValue(f"Cannot replace {path.toUri()}: what is there cannot be moved away.")
    if not files.rename(new, path):
        if there:
            files.rename(old, path)
        raise InvalidValue(f"Cannot write {path.toUri()}: its folder cannot be given that name.")
    if there:
        files.delete(old, True)


@contextmanager
def _writing(name: str) -> Iterator[None]:
    try:
        yield
    except Py4JJavaError as error:
        raise InvalidValue(f"Cannot write {name!r}: {first_line(str(error.java_exception))}.") from error
