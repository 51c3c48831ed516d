"""What is known of a deployment: it stands in labels of its container, and nowhere else."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from attrs import asdict, field, fields, frozen

from hookline_lib_container.containers import ContainerState

TARGET_LABEL, NAME_LABEL, RECORD_LABEL = "hookline.target", "hookline.deployment", "hookline.record"
NEXT = ".next"
"""Ends the name of a container that is to take the place of another one."""


@frozen
class Record:
    """A deployment as it was made.

    Attributes:
        image: the image that it runs; digest: of the model's manifest.
        token: what its server says of itself, which tells it from others at the same address.
    """

    name: str
    model_uri: str
    image: str
    digest: str
    trusted: bool
    vouched: bool
    host: str
    port: int
    token: str
    creation_time: int
    config: Mapping[str, str] = field(factory=dict)

    def labels(self, scope: str) -> dict[str, str]:
        """Return the labels of its container."""
        return {TARGET_LABEL: scope, NAME_LABEL: self.name, RECORD_LABEL: json.dumps(asdict(self))}


@frozen
class Found:
    """A deployment's container, and what its labels say; no record where they cannot be read."""

    state: ContainerState
    name: str
    record: Record | None

    @classmethod
    def read(cls, state: ContainerState) -> "Found":
        """Read a container's labels."""
        name, record = state.labels.get(NAME_LABEL, ""), None
        try:
            plain = json.loads(state.labels.get(RECORD_LABEL, ""))
            record = Record(**{each.name: plain[each.name] for each in fields(Record)})
        except (ValueError, TypeError, KeyError):
            pass
        return cls(state, name, record)

    @property
    def is_next(self) -> bool:
        """Whether it was to take the place of another one."""
        return self.state.name.endswith(NEXT)


def scope_of(folder: Path) -> str:
    """Return what tells the deployments of a workspace from those of others on the same engine."""
    return hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:12]
