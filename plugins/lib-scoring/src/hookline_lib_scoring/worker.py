"""One process that serves a model: `python -m hookline_lib_scoring.worker SPECIFICATION`, a JSON file or its text."""

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

from hookline.errors import HooklineError
from hookline.system import terminations_interrupt
from hookline_lib_scoring.app import Limits, ScoringApp
from hookline_lib_scoring.loading import load_unchanged
from hookline_lib_scoring.specification import WorkerSpecification, write_json
from hookline_lib_serving import addresses


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; return the process's exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    specification = WorkerSpecification.read(arguments[0])
    try:
        with terminations_interrupt():
            _serve(specification)
    except KeyboardInterrupt:
        pass
    except HooklineError as error:
        print(f"Error: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _serve(specification: WorkerSpecification) -> None:
    if specification.parent:
        threading.Thread(target=_end_with, args=(specification.parent,), daemon=True).start()
    model = load_unchanged(specification)
    bound = addresses.bind(specification.host, specification.port, shared=True)
    limits = Limits(specification.timeout, specification.max_body, specification.batch_rows)
    ready = {"pid": os.getpid(), "port": bound.getsockname()[1]}
    app = ScoringApp(model, limits, specification.token, specification.name)
    app.serve(bound, lambda: write_json(Path(specification.ready), ready) if specification.ready else None)


def _end_with(parent: int) -> None:
    """End this process when its parent is gone, however that ended."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
