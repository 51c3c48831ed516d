"""Servers of a model under load from this process."""

import json
from typing import Any

from comparison.adapters.base import ModelServing
from comparison.data import train
from comparison.jobs import Figures, Job
from comparison.tasks.asking import Connection, free_port
from comparison.tasks.serving import Request, load, memory_mb, started

LOADS = (("one", 1, 1), ("one16", 1, 16), ("many", 1000, 1), ("many16", 1000, 16))
"""Names of figures, rows a request, connections."""


def served(job: Job) -> Figures:
    """Requests of one row and of a thousand, over one connection and over sixteen: so long each."""
    model, rows = train()
    serving: ModelServing = job.area("ModelServing")
    serving.save(model, rows[:5], job.place() / "model")
    port = free_port()
    command = serving.command(job.place() / "model", port)
    with started(job, job.place(), command, port, serving.ready) as (process, start_s):
        figures: Figures = {"start_s": start_s}
        for name, size, connections in LOADS:
            asked = rows[:size]
            request: Request = (serving.path, serving.body(asked.tolist()))
            _check(serving, Connection(port, "").ask(*request), model.predict(asked).tolist())
            seconds = job.size["milliseconds"] / 1000
            measured = load(port, name, connections, lambda _connection, _number, request=request: request, seconds, "")
            figures |= {**measured, f"{name}_rows_per_s": measured[f"{name}_per_s"] * size}
        return {**figures, "mb": memory_mb(process.pid)}


def _check(serving: ModelServing, answer: bytes, expected: list[Any]) -> None:
    found = serving.predictions(json.loads(answer))
    if found != expected:
        raise RuntimeError(f"the predictions are wrong: {str(found)[:200]}")
