"""Experiments: the folders that runs are kept in."""

from collections.abc import Mapping

from attrs import field, frozen

from hookline.entities.states import LifecycleStage

DEFAULT_EXPERIMENT_ID = "0"
DEFAULT_EXPERIMENT_NAME = "Default"


@frozen
class Experiment:
    """A named group of runs.

    Attributes:
        experiment_id: given by the store; text, digits in most stores.
        artifact_location: the URI below which its runs keep their artifacts. `artifacts:/ID` means the folder `ID`
            of the workspace's artifact store, so that a store can be moved.
        creation_time, last_update_time: milliseconds since the Unix epoch.
    """

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: LifecycleStage = LifecycleStage.ACTIVE
    creation_time: int = 0
    last_update_time: int = 0
    tags: Mapping[str, str] = field(factory=dict)


@frozen
class ExperimentChange:
    """What to change in an experiment; None leaves a thing as it is.

    Attributes:
        tags: tags to set. deleted_tags: keys of tags to remove; a missing one is no error.
    """

    name: str | None = None
    lifecycle_stage: LifecycleStage | None = None
    tags: Mapping[str, str] = field(factory=dict)
    deleted_tags: tuple[str, ...] = ()
