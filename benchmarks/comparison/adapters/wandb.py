"""Weights & Biases offline, without system metrics, console capture and saved code."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from comparison.adapters import base

QUIET = {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DISABLE_CODE": "true", "WANDB_DISABLE_GIT": "true"}
BLOCK, HEADER = 32768, 7


class Logging(base.Logging):
    """`Run.log`, which hands over to a process of its own."""

    def start(self, folder: Path) -> None:
        places = {"WANDB_DIR": folder, "WANDB_CACHE_DIR": folder / ".cache", "WANDB_DATA_DIR": folder / ".data"}
        os.environ.update(QUIET | {key: str(value) for key, value in places.items()})
        import wandb

        self._wandb, self._folder, self._run = wandb, folder, None

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        settings = self._wandb.Settings(x_disable_stats=True, console="off", disable_git=True, save_code=False)
        self._run = self._wandb.init(project="benchmark", name=f"r{number}", dir=str(self._folder), settings=settings)

    def log_metric(self, key: str, value: float, step: int) -> None:
        self._run.log({key: value}, step=step)

    def log_metrics(self, values: Mapping[str, float], step: int) -> None:
        self._run.log(dict(values), step=step)

    def log_params(self, params: Mapping[str, str]) -> None:
        self._run.config.update(dict(params))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        self._run.tags = tuple(tags)

    def end_run(self) -> None:
        if self._run is not None:
            self._run.finish()
            self._run = None

    def count(self, folder: Path) -> int:
        """Return what stands in its log files: there is no reader for them without a server."""
        from wandb.proto import wandb_internal_pb2 as messages

        found = 0
        for path in {path.resolve() for path in folder.rglob("*.wandb")}:
            for text in records(path.read_bytes()):
                record = messages.Record()
                record.ParseFromString(text)
                if record.WhichOneof("record_type") == "history":
                    items = record.history.item
                    found += any(item.key == "loss" or list(item.nested_key) == ["loss"] for item in items)
        return found


def records(log: bytes) -> Iterator[bytes]:
    """Yield the whole records of a log in LevelDB's format: blocks of chunks, each with checksum, length and type."""
    place, record = HEADER, b""
    while place + HEADER <= len(log):
        if BLOCK - place % BLOCK < HEADER:
            place += BLOCK - place % BLOCK
            continue
        length, kind = int.from_bytes(log[place + 4 : place + 6], "little"), log[place + 6]
        end = place + HEADER + length
        if kind == 0 or end > len(log):
            return
        record = (b"" if kind in (1, 2) else record) + log[place + HEADER : end]
        place = end
        if kind in (1, 4):
            yield record


class Commands(base.Commands):
    """The command line."""

    module = "wandb"
    script = "wandb"
