"""Messages about files."""

from typing import ClassVar

import msgspec

from hookline_lib_wire.messages.base import UNSET, Number, Request, Response, RunRequest, Text


class FileInfo(msgspec.Struct, omit_defaults=True):
    """A file or a folder; `file_size` in bytes, left out for folders."""

    path: str
    is_dir: bool | msgspec.UnsetType = UNSET
    file_size: Number = UNSET


class ListArtifacts(RunRequest):
    """List the files of a run directly below a path."""

    path: str = ""
    page_token: str = ""


class ListProxied(Request):
    """List files below a path of the server's artifact store."""

    path: str = ""


class ListModelArtifacts(Request):
    """List the files of a logged model directly below a path."""

    model_id: str = ""
    artifact_directory_path: str = ""
    page_token: str = ""


class GetModelArtifact(Request):
    """Read a file of a logged model."""

    required: ClassVar[tuple[str, ...]] = ("artifact_file_path",)

    model_id: str = ""
    artifact_file_path: str = ""


class GetArtifact(RunRequest):
    """Read a file of a run."""

    required: ClassVar[tuple[str, ...]] = ("run_id", "path")

    path: str = ""


class GetVersionArtifact(Request):
    """Read a file of a model version."""

    required: ClassVar[tuple[str, ...]] = ("name", "version", "path")

    name: str = ""
    version: str | int = ""
    path: str = ""


class ArtifactPath(Request):
    """Name a file of the server's artifact store by its path in the URL."""

    artifact_path: str = ""


class ArtifactsFound(Response):
    """Files below a path, with the URI of the folder that they belong to."""

    root_uri: Text = UNSET
    files: list[FileInfo] = []
    next_page_token: Text = UNSET


class CreateMultipart(Request):
    """Begin an upload in parts."""

    required: ClassVar[tuple[str, ...]] = ("path", "num_parts")

    artifact_path: str = ""
    path: str = ""
    num_parts: int | None = None


class UploadPart(Request):
    """Send a part, which is the body."""

    upload_id: str = ""
    part_number: str = ""


class UploadedPart(msgspec.Struct):
    """A part that was uploaded."""

    part_number: int = 0
    etag: str = ""
    url: str = ""


class CompleteMultipart(Request):
    """End an upload in parts."""

    required: ClassVar[tuple[str, ...]] = ("path", "upload_id")

    artifact_path: str = ""
    path: str = ""
    upload_id: str = ""
    parts: list[UploadedPart] = []


class AbortMultipart(Request):
    """Give up an upload in parts."""

    required: ClassVar[tuple[str, ...]] = ("path", "upload_id")

    artifact_path: str = ""
    path: str = ""
    upload_id: str = ""


class PartTarget(msgspec.Struct):
    """Where to upload a part, with a PUT."""

    url: str
    part_number: int
    headers: dict[str, str] = {}


class MultipartCreated(Response):
    """An upload that began."""

    upload_id: str
    credentials: list[PartTarget] = []
