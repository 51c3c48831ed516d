"""Loading a model that was checked elsewhere, in a process that has no stores to ask."""

from typing import NoReturn

from hookline.artifacts import Artifacts
from hookline.entities import ModelFolder
from hookline.errors import DigestMismatch, InvalidState
from hookline.models.flow import Models
from hookline.models.loading import LoadedModel
from hookline.models.manifest import Manifest
from hookline.plugins import Plugins
from hookline.uris import file_uri


def load_checked(model: ModelFolder, plugins: Plugins) -> LoadedModel:
    """Load the very files that were checked when `model` was made, and no others.

    Its pickles open where it is trusted, which whoever made it has found out.

    Raises:
        DigestMismatch: a file is not as it was then. PickleRefused: it is not trusted, and opening it runs code.
    """
    if Manifest.of(model.path).digest != model.digest:
        raise DigestMismatch(f"The files of the model {model.uri!r} were changed after they were checked.")
    models = Models(
        plugins=plugins,
        artifacts=Artifacts(plugins, lambda: file_uri(model.path)),
        tracking=_no_store,
        registry=_no_store,
        policy="allow" if model.trusted else "deny",
    )
    if model.vouched and model.digest is not None:
        models.vouch(model.digest)
    return models.load(str(model.path))


def _no_store() -> NoReturn:
    raise InvalidState("This process opens no store.")
