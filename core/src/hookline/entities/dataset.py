"""Datasets that a run read: what they are called, where they came from and a digest of their content."""

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class Dataset:
    """A dataset by description; the data itself is not stored.

    Attributes:
        name: at most 500 characters. digest: at most 36 characters, equal for equal content.
        source_type: "local", "http", "code", ... source: JSON or a URI that says where the data is.
        schema: JSON text of its columns or tensors, in the form of a model's signature. profile: JSON text of its size.
    """

    name: str
    digest: str
    source_type: str = "local"
    source: str = ""
    schema: str | None = None
    profile: str | None = None


@frozen
class DatasetInput:
    """A dataset in its role for one run; the tag `mlflow.data.context` holds "training", "validation", ..."""

    dataset: Dataset
    tags: Mapping[str, str] = field(factory=dict)


@frozen
class DatasetSummary:
    """A dataset as it appears among the runs of an experiment."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None


@frozen
class ModelInput:
    """A logged model that a run read."""

    model_id: str


@frozen
class ModelOutput:
    """A logged model that a run made, at a step of its training."""

    model_id: str
    step: int = 0
