"""What a serving process is told by the one that starts it."""

import json
import os
import secrets
from pathlib import Path

from attrs import asdict, frozen


@frozen
class WorkerSpecification:
    """Which model to serve, and where.

    Attributes:
        model: the folder that holds the `MLmodel`.
        digest: over all its files; they are refused where it differs.
        trusted, vouched: whether its pickles may be opened, and whether a record vouches for its files.
        uri: what the user calls the model, for messages.
        max_body: bytes. batch_rows: see `app.Limits.rows`.
        name: what the Open Inference Protocol calls the model.
        token: what `/ping` answers.
        ready: the file to write once connections are accepted; "" for none.
        parent: a process to end with; 0: none.
    """

    model: str
    digest: str
    trusted: bool
    vouched: bool
    uri: str
    host: str
    port: int
    timeout: float
    max_body: int
    batch_rows: int
    name: str
    token: str
    ready: str
    parent: int = 0

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        write_json(path, asdict(self))

    def text(self) -> str:
        """Return it as JSON in one line."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, given: str) -> "WorkerSpecification":
        """Read a file that `write` wrote, or what `text` returned."""
        return cls(**json.loads(given if given.startswith("{") else Path(given).read_bytes()))


def new_token() -> str:
    """Return a new token by which the servers of one start are told from others."""
    return secrets.token_hex(8)


def write_json(path: Path, value: object) -> None:
    """Write a JSON file so that readers see the old one or the new one, and a crash leaves one of them."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with temporary.open("x", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
