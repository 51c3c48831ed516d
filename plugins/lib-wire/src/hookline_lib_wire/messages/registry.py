"""Messages about registered models, their versions and aliases."""

from typing import ClassVar

import msgspec

from hookline_lib_wire.messages.base import UNSET, Number, Request, Response, Tag, Text


class Alias(msgspec.Struct):
    """An alias and the version that it points at."""

    alias: str
    version: str


class ModelVersion(Response):
    """A version of a registered model."""

    name: str
    version: str
    creation_timestamp: Number = UNSET
    last_updated_timestamp: Number = UNSET
    user_id: Text = UNSET
    current_stage: Text = UNSET
    description: Text = UNSET
    source: Text = UNSET
    run_id: Text = UNSET
    status: Text = UNSET
    status_message: Text = UNSET
    run_link: Text = UNSET
    model_id: Text = UNSET
    tags: list[Tag] = []
    aliases: list[str] = []


class RegisteredModel(Response):
    """A registered model with its latest versions."""

    name: str
    creation_timestamp: Number = UNSET
    last_updated_timestamp: Number = UNSET
    user_id: Text = UNSET
    description: Text = UNSET
    latest_versions: list[ModelVersion] = []
    tags: list[Tag] = []
    aliases: list[Alias] = []


class CreateModel(Request):
    """Create a registered model."""

    required: ClassVar[tuple[str, ...]] = ("name",)

    name: str = ""
    tags: list[Tag] = []
    description: str = ""


class ModelName(Request):
    """Name a registered model."""

    required: ClassVar[tuple[str, ...]] = ("name",)

    name: str = ""


class RenameModel(Request):
    """Rename a registered model."""

    required: ClassVar[tuple[str, ...]] = ("name",)

    name: str = ""
    new_name: str = ""


class UpdateModel(Request):
    """Describe a registered model."""

    required: ClassVar[tuple[str, ...]] = ("name",)

    name: str = ""
    description: str | None = None


class SearchModels(Request):
    """Search registered models."""

    filter: str = ""
    max_results: int = 100
    order_by: list[str] = []
    page_token: str = ""


class GetLatestVersions(Request):
    """Read the latest version of each stage."""

    required: ClassVar[tuple[str, ...]] = ("name",)

    name: str = ""
    stages: list[str] = []


class SetModelTag(Request):
    """Set a tag of a registered model."""

    required: ClassVar[tuple[str, ...]] = ("name", "key", "value")

    name: str = ""
    key: str = ""
    value: str | None = None


class DeleteModelTag(Request):
    """Remove a tag of a registered model."""

    required: ClassVar[tuple[str, ...]] = ("name", "key")

    name: str = ""
    key: str = ""


class CreateVersion(Request):
    """Create a version."""

    required: ClassVar[tuple[str, ...]] = ("name", "source")

    name: str = ""
    source: str = ""
    run_id: str = ""
    tags: list[Tag] = []
    run_link: str = ""
    description: str = ""
    model_id: str = ""


class VersionName(Request):
    """Name a version. Its number travels as a text."""

    required: ClassVar[tuple[str, ...]] = ("name", "version")

    name: str = ""
    version: str | int = ""


class UpdateVersion(VersionName):
    """Describe a version."""

    description: str | None = None


class TransitionStage(VersionName):
    """Move a version to another stage."""

    required: ClassVar[tuple[str, ...]] = ("name", "version", "stage", "archive_existing_versions")

    stage: str = ""
    archive_existing_versions: bool | None = None


class SearchVersions(Request):
    """Search versions."""

    filter: str = ""
    max_results: int = 200_000
    order_by: list[str] = []
    page_token: str = ""


class SetVersionTag(VersionName):
    """Set a tag of a version."""

    required: ClassVar[tuple[str, ...]] = ("name", "version", "key", "value")

    key: str = ""
    value: str | None = None


class DeleteVersionTag(VersionName):
    """Remove a tag of a version."""

    required: ClassVar[tuple[str, ...]] = ("name", "version", "key")

    key: str = ""


class SetAlias(VersionName):
    """Let an alias point at a version."""

    required: ClassVar[tuple[str, ...]] = ("name", "alias", "version")

    alias: str = ""


class AliasName(Request):
    """Name an alias."""

    required: ClassVar[tuple[str, ...]] = ("name", "alias")

    name: str = ""
    alias: str = ""


class ModelFound(Response):
    """One registered model."""

    registered_model: RegisteredModel


class ModelsFound(Response):
    """A page of registered models."""

    registered_models: list[RegisteredModel] = []
    next_page_token: Text = UNSET


class VersionFound(Response):
    """One version."""

    model_version: ModelVersion


class VersionsFound(Response):
    """Versions."""

    model_versions: list[ModelVersion] = []
    next_page_token: Text = UNSET


class DownloadUri(Response):
    """Where the files of a version are."""

    artifact_uri: str
