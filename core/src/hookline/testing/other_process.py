"""Does something with a store in a process of its own: `python -m hookline.testing.other_process TARGET URI VERB ARGS`.

The suites use it to look at one persistent store from two processes; `ARGS` is a JSON list. It prints JSON.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from hookline.entities import Batch, Metric, NewModelVersion
from hookline.errors import InvalidState
from hookline.providers import resolve
from hookline.system import run_process


def in_other_process(target: str, uri: str, verb: str, *args: Any) -> Any:
    """Call a verb of this module in another process, wait for it and return its result."""
    command = [sys.executable, "-m", __name__, target, uri, verb, json.dumps(args)]
    return json.loads(run_process(command, timeout=300))


def log_points(store: Any, run_id: str, key: str, count: int) -> int:
    """Log `count` points, each in a batch of its own."""
    for step in range(count):
        store.log_batch(run_id, Batch(metrics=[Metric(key, step, step, timestamp=step)]))
    return count


def log_param(store: Any, run_id: str, key: str, value: str) -> None:
    """Log one param."""
    store.log_batch(run_id, Batch(params={key: value}))


def read_run(store: Any, run_id: str) -> dict[str, Any]:
    """Return a run's name, params and latest values."""
    record = store.get_run(run_id)
    return {"name": record.info.run_name, "params": dict(record.data.params), "metrics": record.data.metrics}


def create_versions(store: Any, name: str, count: int) -> list[int]:
    """Create `count` versions and return their numbers."""
    return [store.create_version(NewModelVersion(name, f"s3://models/{number}")).version for number in range(count)]


def count_up(store: Any, namespace: str, key: str, count: int) -> int:
    """Add 1 to a document `count` times, each time by compare-and-set; return how often the set was refused."""
    refused = 0
    for _ in range(count):
        while not _add_one(store, namespace, key):
            refused += 1
    return refused


def _add_one(store: Any, namespace: str, key: str) -> bool:
    present = store.get_document(namespace, key)
    value, version = (present.value, present.version) if present else (0, 0)
    try:
        store.put_document(namespace, key, value + 1, expected_version=version)
    except InvalidState:
        return False
    return True


VERBS: dict[str, Callable[..., Any]] = {
    verb.__name__: verb for verb in (log_points, log_param, read_run, create_versions, count_up)
}


def main(target: str, uri: str, verb: str, args: str) -> None:
    """Open the store, call the verb, print its result, close the store."""
    store = resolve(target)(uri, None)
    try:
        sys.stdout.write(json.dumps(VERBS[verb](store, *json.loads(args))))
    finally:
        if hasattr(store, "close"):
            store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
