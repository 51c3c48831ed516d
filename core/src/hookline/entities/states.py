"""The states that things can be in, as text so that they travel as they are."""

from enum import StrEnum


class LifecycleStage(StrEnum):
    """Whether an experiment, run or model is in use or soft-deleted."""

    ACTIVE = "active"
    DELETED = "deleted"


class ViewType(StrEnum):
    """Which lifecycle stages a search looks at."""

    ACTIVE_ONLY = "ACTIVE_ONLY"
    DELETED_ONLY = "DELETED_ONLY"
    ALL = "ALL"

    def admits(self, stage: LifecycleStage) -> bool:
        """Return whether a thing in `stage` is part of this view."""
        return self is ViewType.ALL or (self is ViewType.ACTIVE_ONLY) == (stage is LifecycleStage.ACTIVE)


class RunStatus(StrEnum):
    """The status of a run. The last three are final."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"

    @property
    def is_final(self) -> bool:
        """Whether a run in this status has ended."""
        return self in (RunStatus.FINISHED, RunStatus.FAILED, RunStatus.KILLED)

    @classmethod
    def after(cls, error: BaseException | None) -> "RunStatus":
        """Return how a run ends whose block was left with this exception."""
        if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
            return cls.FINISHED
        return cls.KILLED if isinstance(error, KeyboardInterrupt) else cls.FAILED


class ModelStatus(StrEnum):
    """The status of a logged model: its files are on their way, complete, or could not be stored."""

    PENDING = "PENDING"
    READY = "READY"
    UPLOAD_FAILED = "UPLOAD_FAILED"


class VersionStatus(StrEnum):
    """The status of a model version."""

    PENDING_REGISTRATION = "PENDING_REGISTRATION"
    FAILED_REGISTRATION = "FAILED_REGISTRATION"
    READY = "READY"


class DeploymentStatus(StrEnum):
    """The status of a deployment. `FAILED` carries its reason in `Deployment.message`."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
