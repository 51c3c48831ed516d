"""Opening the model of a serving process: the very files that were checked when it was deployed, and no others."""

from pathlib import Path
from typing import NoReturn

from hookline.artifacts import Artifacts
from hookline.config import Config
from hookline.errors import DigestMismatch, InvalidState, PickleRefused
from hookline.models import LoadedModel, Models
from hookline.models.manifest import Manifest
from hookline.plugins import Plugins
from hookline.uris import file_uri
from hookline_lib_scoring.specification import WorkerSpecification


def load_unchanged(specification: WorkerSpecification) -> LoadedModel:
    """Load the model that a serving process was told to serve.

    Its pickles open if it is trusted, which whoever started this process has found out.

    Raises:
        DigestMismatch: a file is not as it was then. PickleRefused: it is not trusted, and opening it runs code.
    """
    folder = Path(specification.model)
    if Manifest.of(folder).digest != specification.digest:
        raise DigestMismatch(
            f"The files of the model {specification.uri!r} were changed after it was deployed. Deploy it again."
        )
    settings = Config.load().settings.plugins
    plugins = Plugins.discover(settings.allow, settings.disable)
    models = Models(
        plugins=plugins,
        artifacts=Artifacts(plugins, lambda: file_uri(folder)),
        tracking=_no_store,
        registry=_no_store,
        policy="allow" if specification.trusted else "deny",
    )
    if specification.vouched:
        models.vouch(specification.digest)
    try:
        return models.load(str(folder))
    except PickleRefused as error:
        raise PickleRefused(
            f"Opening the model {specification.uri!r} runs code, and no record of the workspace that deployed it "
            "vouches for it. If you trust where it comes from, deploy it again and pass --allow-pickle "
            "(allow_pickle=True in Python).",
            error.imports,
        ) from error


def _no_store() -> NoReturn:
    raise InvalidState("A serving process opens no store.")
