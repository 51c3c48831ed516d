"""What handlers work with."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hookline import Workspace
from hookline.artifacts import OWN_SCHEME
from hookline.errors import InvalidValue, NotSupported
from hookline.interfaces import ArtifactStore, LoggedModels, ModelRegistry, TrackingStore
from hookline.interfaces.tracking import INTAKES
from hookline.paths import check_key_path, join_key
from hookline.system import can_make
from hookline.uris import is_path, join_uri, scheme_of
from hookline_lib_wire.answers import OWN, PROXIED
from hookline_server.access import Access, Authenticator
from hookline_server.belonging import Belonging
from hookline_server.near_disk import NearDisk
from hookline_server.part_uploads import PartUploads
from hookline_server.settings import Durability, ServerSettings
from hookline_server.threads import Threads
from hookline_server.uploads import Uploads

if TYPE_CHECKING:
    from hookline_server.app import App

THREADS = 8
_PROXIED_SCHEME = "mlflow-artifacts"


class Services:
    """The stores of a workspace, as the server's handlers use them. Thread safe.

    Args:
        workspace: what is served. settings: what the server allows.

    Attributes:
        app: the application that answers, set by itself.
        authenticator: who knows callers; None: nobody does.
        access: what the caller of the request may do.
        belonging: which experiment a thing is of.
    """

    app: "App"

    def __init__(self, workspace: Workspace, settings: ServerSettings | None = None) -> None:
        self.workspace = workspace
        self.settings = settings or ServerSettings()
        self.authenticator: Authenticator | None = None
        self.access = Access()
        self.belonging = Belonging(self)

    @cached_property
    def threads(self) -> Threads:
        """The threads on which most requests are answered."""
        return Threads(THREADS, "hookline-server")

    @cached_property
    def long_threads(self) -> Threads:
        """Those for files and journals, which may take long: a disk that hangs does not keep the others waiting."""
        return Threads(THREADS, "hookline-files")

    def close(self) -> None:
        """Wait for what is under way, and end the threads."""
        self.threads.close()
        self.long_threads.close()
        self.uploads.close()

    def open(self) -> None:
        """Open the stores, so that what is wrong with them is told before anybody is served.

        What a server left behind that was killed is stored, or removed.
        """
        self.tracking.get_experiment("0")
        self.workspace.journals.deliver_intakes()
        self.registry  # noqa: B018 - made here
        self.artifacts  # noqa: B018 - made here
        self.part_uploads.sweep()
        self.uploads.sweep()

    @cached_property
    def tracking(self) -> TrackingStore:
        """The tracking store."""
        return self.workspace.tracking

    @cached_property
    def durability(self) -> Durability:
        """What an answer waits for. Raises `InvalidValue` where the store cannot do what the settings say."""
        takes = INTAKES in self.tracking.capabilities
        if self.settings.durability is not None:
            if self.settings.durability is Durability.INTAKE and not takes:
                raise InvalidValue("The store does not take what was answered before: use --durability commit.")
            return self.settings.durability
        return Durability.INTAKE if takes and is_file(self.workspace) else Durability.COMMIT

    @cached_property
    def logged_models(self) -> LoggedModels:
        """The store of logged models."""
        return self.workspace.logged_models

    @cached_property
    def registry(self) -> ModelRegistry:
        """The model registry."""
        return self.workspace.model_registry

    def artifact_key(self, uri: str, key: str = "") -> str:
        """Return the key in the server's own artifact store that `key` below a stored location has.

        Raises:
            NotSupported: the location lies elsewhere, where the server opens nothing for a client.
            InvalidValue: the key is not allowed.
        """
        if scheme_of(uri) != OWN_SCHEME or is_path(uri):
            raise NotSupported(
                "These files lie outside of the server's artifact store, and it does not open other places for "
                "clients. Read them from where they are."
            )
        root = check_key_path(uri.partition(":")[2].strip("/"), allow_root=True)
        return join_key(root, check_key_path(key, allow_root=True))

    def given_location(self, uri: str) -> str:
        """Return a location that a client names, as it is stored: the server never opens any but its own.

        Raises:
            InvalidValue: the scheme is not among those that the server allows, or a key is malformed.
        """
        scheme = "" if is_path(uri) else scheme_of(uri)
        if scheme == _PROXIED_SCHEME and uri.startswith(PROXIED) and not uri.startswith(f"{PROXIED}/"):
            return OWN + check_key_path(uri[len(PROXIED) :].strip("/"))
        if scheme not in self.settings.artifact_schemes or any(part in uri for part in ("..", "#", "?", ";", "\\")):
            allowed = ", ".join((f"{_PROXIED_SCHEME}:/", *(f"{each}:" for each in self.settings.artifact_schemes)))
            raise InvalidValue(
                f"Invalid artifact location {uri[:200]!r}: clients of this server may name locations that start with "
                f"{allowed}. Its owner allows others with --artifact-scheme."
            )
        return uri

    def version_location(self, name: str, version: str | int) -> str:
        """Return where the files of a model version are, as it is stored. Raises `NotFound`."""
        found = self.registry.get_version(name, version_number(version))
        if found.source.startswith("models:/m-"):
            model_id, _, key = found.source.removeprefix("models:/").partition("/")
            return join_uri(self.logged_models.get_logged_model(model_id).artifact_uri, key)
        if found.source.startswith("runs:/"):
            run_id, _, key = found.source.removeprefix("runs:/").partition("/")
            return join_uri(self.tracking.get_run(run_id).info.artifact_uri, key)
        return found.source

    @cached_property
    def artifacts(self) -> ArtifactStore:
        """The server's own artifact store."""
        return self.workspace.artifacts.locate(OWN).store

    @cached_property
    def near_disk(self) -> NearDisk:
        """Where the artifacts lie, if that is here."""
        return NearDisk(self.artifacts)

    @cached_property
    def part_uploads(self) -> PartUploads:
        """The uploads in parts: beside the artifacts, or in the workspace's folder where those are elsewhere."""
        folder = self._upload_place or self.workspace.config.home / "uploads"
        return PartUploads(folder / "parts", self.settings.max_file)

    @cached_property
    def uploads(self) -> Uploads:
        """Files that are coming: on the disk of the artifact store, where it has one here."""
        return Uploads(self._upload_place)

    @cached_property
    def _upload_place(self) -> Path | None:
        root = self.artifacts.local_root()
        beside = None if root is None else root.with_name(f"{root.name}.uploads")
        return beside if beside is not None and can_make(beside) else None  # a disk may be mounted there, and no more


def is_file(workspace: Workspace) -> bool:
    """Return whether the tracking store of a workspace is a file, and not a server's."""
    return workspace.plugins.find_store("tracking_stores", scheme_of(workspace.tracking_uri)).file is not None


def version_number(given: str | int) -> int:
    """Return the number of a version, which travels as a text. Raises `InvalidValue`."""
    text = str(given)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidValue(f"Parameter 'version' must be an integer, got {text[:100]!r}.")
    return int(text)
