"""Children of this process, which are forks of it or are made by `multiprocessing`."""

import os
import sys
import threading
import weakref
from collections.abc import Callable
from types import FrameType
from typing import Protocol

_child: FrameType | None = None  # where `multiprocessing` runs this process, if it is a child of it


def at_exit_of_child(function: Callable[[], object]) -> None:
    """Have a function called when this process ends normally, if it is a child of `multiprocessing`; else do nothing.

    Such a child may leave without the handlers of `atexit`, which a forked one has from its parent.
    """
    global _child
    util, process = (sys.modules.get(f"multiprocessing.{name}") for name in ("util", "process"))
    if util is not None and process is not None and process.parent_process() is not None:
        util.Finalize(None, function, exitpriority=-100)  # after those of queues and pools
        frame = sys._current_frames().get(threading.main_thread().ident or 0)
        while frame is not None and frame.f_code is not process.BaseProcess._bootstrap.__code__:
            frame = frame.f_back
        _child = frame or _child


def exit_code_of_child() -> int | None:
    """Return what a child of `multiprocessing` that is ending exits with; None where that is not known (yet).

    Since Python 3.13 the functions of `at_exit_of_child` are called when the exception that ended the child has been
    handled: only the frame of `BaseProcess._bootstrap` knows of it still. Earlier ones find it on its way.
    """
    code = None if _child is None else _child.f_locals.get("exitcode")
    return code if isinstance(code, int) else None


class Forked(Protocol):
    """What has to begin anew in a forked child, where no thread of the parent lives on."""

    def after_fork(self) -> None:
        """Begin anew. No other thread runs yet."""


_forked: "weakref.WeakSet[Forked]" = weakref.WeakSet()


def tell_of_forks(thing: Forked) -> None:
    """Have `after_fork` of an object called in each forked child, for as long as somebody else keeps the object."""
    _forked.add(thing)


def _after_fork() -> None:
    for thing in list(_forked):
        thing.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
