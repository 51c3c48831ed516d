"""tensorboardX, which writes TensorBoard's event files."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path

from comparison.adapters import base


class Logging(base.Logging):
    """`SummaryWriter.add_scalar`."""

    def start(self, folder: Path) -> None:
        import tensorboardX

        self._writer, self._folder = tensorboardX.SummaryWriter, folder

    def open_run(self, number: int, params: Mapping[str, str] | None = None) -> None:
        self._run = self._writer(str(self._folder / f"r{number}"))

    def log_metric(self, key: str, value: float, step: int) -> None:
        self._run.add_scalar(key, value, step)

    def log_params(self, params: Mapping[str, str]) -> None:
        self._run.add_hparams(dict(params), {"hparam/none": 0.0}, name=".")

    def set_tags(self, tags: Mapping[str, str]) -> None:
        self._run.add_text("tags", json.dumps(tags))

    def flush(self) -> None:
        self._run.flush()

    def end_run(self) -> None:
        self._run.close()

    def count(self, folder: Path) -> int:
        """Return what stands in its files; the reader is another product."""
        found = 0
        for path in folder.rglob("*tfevents*"):
            log, place = path.read_bytes(), 0
            while place + 12 <= len(log):
                (length,) = struct.unpack_from("<Q", log, place)
                if place + 16 + length > len(log):
                    break
                found += b"loss" in log[place + 12 : place + 12 + length]
                place += 16 + length
        return found


class Commands(base.Commands):
    """The import."""

    module = "tensorboardX"
