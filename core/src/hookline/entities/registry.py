"""The model registry: registered models, their versions and the aliases that point at versions."""

from collections.abc import Mapping

from attrs import field, frozen

from hookline.entities.rules import check_model_name
from hookline.entities.states import VersionStatus

STAGES = ("None", "Staging", "Production", "Archived")
"""The stages that older clients move versions through; aliases replace them."""


@frozen
class ModelVersion:
    """One version of a registered model.

    Attributes:
        version: 1, 2, 3 ...; a number is never used again.
        source: the URI of the model's folder that the version was made from.
        aliases: the aliases that point at this version now.
    """

    name: str
    version: int
    source: str
    run_id: str | None = None
    model_id: str | None = None
    description: str = ""
    user_id: str = ""
    status: VersionStatus = VersionStatus.READY
    current_stage: str = "None"
    creation_time: int = 0
    last_update_time: int = 0
    tags: Mapping[str, str] = field(factory=dict)
    aliases: tuple[str, ...] = ()


@frozen
class NewModelVersion:
    """A version to create; the registry gives it the next number."""

    name: str = field(converter=check_model_name)
    source: str
    run_id: str | None = None
    model_id: str | None = None
    description: str = ""
    user_id: str = ""
    tags: Mapping[str, str] = field(factory=dict)


@frozen
class VersionChange:
    """What to change in a version; None leaves a thing as it is.

    Attributes:
        current_stage: one of `STAGES`. archive_existing: move the other versions of that stage to Archived.
    """

    description: str | None = None
    current_stage: str | None = None
    archive_existing: bool = False
    tags: Mapping[str, str] = field(factory=dict)
    deleted_tags: tuple[str, ...] = ()


@frozen
class RegisteredModel:
    """A named model with versions. `latest_versions` holds the highest version of every stage that has one."""

    name: str = field(converter=check_model_name)
    description: str = ""
    creation_time: int = 0
    last_update_time: int = 0
    tags: Mapping[str, str] = field(factory=dict)
    aliases: Mapping[str, int] = field(factory=dict)
    latest_versions: tuple[ModelVersion, ...] = ()


@frozen
class ModelChange:
    """What to change in a registered model; None leaves a thing as it is. `name` renames it with its versions."""

    name: str | None = None
    description: str | None = None
    tags: Mapping[str, str] = field(factory=dict)
    deleted_tags: tuple[str, ...] = ()
