"""What goes wrong in a worker, told through Spark, which passes on nothing of an exception but its text."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hookline import errors
from hookline.errors import ExecutionFailed, HooklineError, SignatureError

_MARK = re.compile(r"hookline-problem:([A-Za-z0-9+/=]+);")
_MISSING = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")


class WorkerProblem(Exception):
    """An error of Hookline in a worker, as text that `read` turns back into it."""


@contextmanager
def telling(partition: int) -> Iterator[None]:
    """Raise errors of Hookline in a form that survives Spark.

    Args:
        partition: the number of the part of the rows; rows of the first part are counted from the first of all.
    """
    try:
        yield
    except HooklineError as error:
        said: dict[str, Any] = {"kind": type(error).__name__, "text": str(error)}
        if isinstance(error, SignatureError):
            row = error.row if partition == 0 else None
            said |= {"text": error.problem, "column": error.column, "row": row}
        coded = base64.b64encode(json.dumps(said).encode()).decode("ascii")
        raise WorkerProblem(f"hookline-problem:{coded};") from error


def read(error: BaseException) -> HooklineError:
    """Return what an error that Spark raises is to the caller."""
    text = str(error)
    if found := _MARK.search(text):
        said = json.loads(base64.b64decode(found[1]))
        kind = getattr(errors, said["kind"], ExecutionFailed)
        if kind is SignatureError:
            return SignatureError(said["text"], column=said["column"], row=said["row"])
        return kind(said["text"]) if issubclass(kind, HooklineError) else ExecutionFailed(said["text"])
    if missing := _MISSING.search(text):
        return ExecutionFailed(
            f"The workers of Spark lack the module {missing[1]!r}. Install there what the model needs, or send what is "
            "installed here: -c packages=shipped"
        )
    if "PYTHON_VERSION_MISMATCH" in text:
        return ExecutionFailed(
            "The workers of Spark have another version of Python than this process. Name one that is the same: "
            "-c python=..."
        )
    if "Python worker exited unexpectedly" in text or "Python worker failed to connect" in text:
        return ExecutionFailed("A worker process of Spark died. It may have had too little memory.")
    return ExecutionFailed(f"Spark could not do it: {first_line(text)}")


def first_line(text: str) -> str:
    """Return the line of a Java error that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    caused = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    said = [
        line
        for line in lines
        if not line.startswith(("An error occurred", "at ", "org.apache.spark.SparkException: Job"))
    ]
    return (caused[-1] if caused else said[0] if said else "no reason was given")[:500]
