"""What is written down of each deployment: one JSON file in a folder of its own.

    NAME/state.json              the record below
    NAME/GENERATION/model/       the files that are served
    NAME/GENERATION/server.log   what its processes wrote
    NAME/GENERATION/worker-N.json, ready-N.json

A generation is one model with one configuration; an update makes a new one and removes the old one once it answers.
The record says what was started; whether it still runs is looked up.
"""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from attrs import asdict, field, fields, frozen

from hookline_lib_scoring.names import check_name
from hookline_lib_scoring.specification import write_json

STATE_FILE = "state.json"
FORMAT = 1


@frozen
class WorkerProcess:
    """A process that was started; `identity` tells it from a later one with the same number."""

    pid: int
    identity: str


def _workers(given: object) -> tuple[WorkerProcess, ...]:
    if not isinstance(given, list | tuple):
        raise ValueError("processes must be a list")
    return tuple(each if isinstance(each, WorkerProcess) else WorkerProcess(**each) for each in given)


@frozen
class Record:
    """A deployment as it was written down.

    Attributes:
        phase: `starting` (by the one process in `starter`), `running` or `failed`.
        digest, trusted, vouched: of the model, as `hookline.entities.ModelFolder` has them.
        token: what its servers answer `/ping` with.
        others: processes of another generation, while an update starts or ends them.
    """

    name: str
    model_uri: str
    generation: str
    phase: str
    config: Mapping[str, str] = field(factory=dict)
    digest: str | None = None
    trusted: bool = False
    vouched: bool = False
    creation_time: int = 0
    host: str = "127.0.0.1"
    port: int = 0
    token: str = ""
    message: str = ""
    workers: tuple[WorkerProcess, ...] = field(default=(), converter=_workers)
    others: tuple[WorkerProcess, ...] = field(default=(), converter=_workers)
    starter: tuple[WorkerProcess, ...] = field(default=(), converter=_workers)


def new_generation() -> str:
    """Return the name of a new generation's folder."""
    return f"g-{secrets.token_hex(8)}"


class Records:
    """The records below one folder. Readers need no lock: a record is replaced as a whole."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, name: str) -> Path:
        """Return the folder of a deployment."""
        return self.root / check_name(name)

    def names(self) -> list[str]:
        """Return the names of all deployments, in order."""
        return sorted(path.parent.name for path in self.root.glob(f"*/{STATE_FILE}"))

    def read(self, name: str) -> Record | None:
        """Return a deployment's record, or None.

        Raises:
            ValueError: the file is there and cannot be read.
        """
        try:
            plain = json.loads((self.folder(name) / STATE_FILE).read_bytes())
        except FileNotFoundError:
            return None
        if not isinstance(plain, dict) or plain.get("format") != FORMAT:
            raise ValueError(f"it is not of the format {FORMAT}")
        known = {each.name for each in fields(Record)}
        try:
            return Record(**{key: value for key, value in plain.items() if key in known})
        except TypeError as error:
            raise ValueError(str(error)) from error

    def write(self, record: Record) -> None:
        """Replace a deployment's record."""
        folder = self.folder(record.name)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_json(folder / STATE_FILE, {"format": FORMAT, **asdict(record)})
