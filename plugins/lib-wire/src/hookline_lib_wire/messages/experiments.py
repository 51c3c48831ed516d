"""Messages about experiments."""

from typing import ClassVar

from hookline_lib_wire.messages.base import UNSET, Number, Request, Response, Tag, Text


class Experiment(Response):
    """An experiment on the wire; times in milliseconds since the Unix epoch."""

    experiment_id: str
    name: str
    artifact_location: Text = UNSET
    lifecycle_stage: Text = UNSET
    last_update_time: Number = UNSET
    creation_time: Number = UNSET
    tags: list[Tag] = []


class CreateExperiment(Request):
    """Create an experiment."""

    required: ClassVar[tuple[str, ...]] = ("name",)

    name: str = ""
    artifact_location: str = ""
    tags: list[Tag] = []


class ExperimentId(Request):
    """Name an experiment by its id."""

    required: ClassVar[tuple[str, ...]] = ("experiment_id",)

    experiment_id: str = ""


class ExperimentName(Request):
    """Name an experiment by its name."""

    required: ClassVar[tuple[str, ...]] = ("experiment_name",)

    experiment_name: str = ""


class SearchExperiments(Request):
    """Search experiments."""

    required: ClassVar[tuple[str, ...]] = ("max_results",)

    max_results: int | None = None
    page_token: str = ""
    filter: str = ""
    order_by: list[str] = []
    view_type: str | int = "ACTIVE_ONLY"


class ListExperiments(Request):
    """List experiments, as clients before 2.0 do."""

    max_results: int = 1000
    page_token: str = ""
    view_type: str | int = "ACTIVE_ONLY"


class UpdateExperiment(Request):
    """Rename an experiment."""

    required: ClassVar[tuple[str, ...]] = ("experiment_id", "new_name")

    experiment_id: str = ""
    new_name: str = ""


class SetExperimentTag(Request):
    """Set a tag of an experiment."""

    required: ClassVar[tuple[str, ...]] = ("experiment_id", "key", "value")

    experiment_id: str = ""
    key: str = ""
    value: str | None = None


class DeleteExperimentTag(Request):
    """Remove a tag of an experiment."""

    required: ClassVar[tuple[str, ...]] = ("experiment_id", "key")

    experiment_id: str = ""
    key: str = ""


class ExperimentCreated(Response):
    """The id of a new experiment."""

    experiment_id: str


class ExperimentFound(Response):
    """One experiment."""

    experiment: Experiment


class ExperimentsFound(Response):
    """A page of experiments."""

    experiments: list[Experiment] = []
    next_page_token: Text = UNSET
