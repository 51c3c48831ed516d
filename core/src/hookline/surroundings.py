"""What surrounds a new run: what the run contexts say of this process, and what is known without them."""

import logging
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import inf
from pathlib import Path
from threading import Lock, Thread
from time import perf_counter
from typing import TypeVar

from hookline.interfaces import RunContext
from hookline.interfaces.contexts import defines
from hookline.plugins import Plugins, describe
from hookline.run import Run
from hookline.system import current_user

T = TypeVar("T")
AT_ONCE_SECONDS = 0.005
"""What storing the files may have taken the last time for the next run's to be stored before its start returns: less
than a thread takes away from what else the program does."""
log = logging.getLogger("hookline")


class Surroundings:
    """Asks the run contexts of a workspace. They never hinder a run: what fails is logged and left out."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._lock = Lock()
        self._files: Mapping[str, Path] | None = None
        self._took = inf

    @cached_property
    def contexts(self) -> Sequence[tuple[str, RunContext]]:
        """The contexts that can be used, with their names."""
        found = []
        for provider in self._plugins.providers("run_contexts"):
            try:
                found.append((provider.name, self._plugins.load("run_contexts", provider)()))
            except Exception as error:  # noqa: BLE001 - surroundings never hinder a run
                log.warning("The run context %r cannot be used: %s", provider.name, describe(error))
        return found

    def tags(self) -> dict[str, str]:
        """Return the tags for a new run of this program."""
        tags = {"mlflow.user": current_user(), "mlflow.source.name": _source_name(), "mlflow.source.type": "LOCAL"}
        for said in self._asked(lambda context: context.tags(), self.contexts):
            tags.update(said)
        # A name of a file may be of any bytes; a tag consists of characters.
        return {key: str(value).encode(errors="backslashreplace").decode() for key, value in tags.items() if value}

    def store_files(self, run: Run) -> None:
        """Store the contexts' files with a run: off this thread, unless they are known and storing them is quick."""
        with_files = [each for each in self.contexts if defines(each[1], "artifacts")]
        if not with_files or self._files == {}:
            return
        if self._took < AT_ONCE_SECONDS:
            self._store(run, with_files)
            return
        work = Thread(target=self._store, args=(run, with_files), name="hookline-context", daemon=True)
        run.in_background(work)

    def _store(self, run: Run, with_files: Sequence[tuple[str, RunContext]]) -> None:
        with self._lock:  # asked once, by the first run's thread
            if self._files is None:
                asked = self._asked(lambda context: context.artifacts(), with_files)
                self._files = self._kept({key: data for files in asked for key, data in files.items()})
        began = perf_counter()
        for key, path in self._files.items():
            try:
                run.log_file(path, key)
            except Exception as error:  # noqa: BLE001 - the same
                log.warning("The file %r of the run's surroundings was not stored: %s", key, describe(error))
        self._took = perf_counter() - began

    def _kept(self, files: Mapping[str, bytes]) -> dict[str, Path]:
        """Write files to a folder that goes with this object: every run stores them from there."""
        paths = {key: self._folder / str(number) for number, key in enumerate(files)}
        for key, path in paths.items():
            path.write_bytes(files[key])
        return paths

    @cached_property
    def _folder(self) -> Path:
        made = tempfile.mkdtemp(prefix="hookline-")
        weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
        return Path(made)

    def _asked(self, ask: Callable[[RunContext], T], contexts: Sequence[tuple[str, RunContext]]) -> list[T]:
        answers = []
        for name, context in contexts:
            try:
                answers.append(ask(context))
            except Exception as error:  # noqa: BLE001 - the same
                log.warning("The run context %r failed: %s", name, describe(error))
        return answers


def _source_name() -> str:
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return str(Path(main).absolute()) if main else (sys.argv[0] if sys.argv and sys.argv[0] else "")
