"""What the runs of a store have in common, and what is deleted of it for good."""

from enum import StrEnum

from attrs import frozen


class KeyKind(StrEnum):
    """What a key of a run names."""

    METRIC = "metric"
    PARAM = "param"
    TAG = "tag"


class ValueType(StrEnum):
    """How the values of a key read."""

    NUMBER = "number"
    TEXT = "text"


@frozen
class RunKey:
    """A column that a table of runs may have.

    Attributes:
        type: NUMBER for metrics, and where the values of a param or a tag that were looked at all read as numbers: a
            hint, since a store need not look at all of them.
        runs: how many runs have it, deleted ones too.
    """

    kind: KeyKind
    key: str
    type: ValueType
    runs: int


class PurgedKind(StrEnum):
    """What can be deleted for good."""

    EXPERIMENT = "experiment"
    RUN = "run"
    LOGGED_MODEL = "logged model"


@frozen
class Purged:
    """A thing that is deleted for good, or would be.

    Attributes:
        artifact_uri: the folder of its files; "" for an experiment, whose files are those of its runs and models.
    """

    kind: PurgedKind
    id: str
    artifact_uri: str = ""
