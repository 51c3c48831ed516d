"""Opening the model of a serving process: the very files that were checked when it was deployed, and no others."""

from pathlib import Path

from hookline.config import Config
from hookline.entities import ModelFolder
from hookline.errors import DigestMismatch, PickleRefused
from hookline.models import LoadedModel
from hookline.models.checked import load_checked
from hookline.plugins import Plugins
from hookline_lib_scoring.specification import WorkerSpecification


def load_unchanged(specification: WorkerSpecification) -> LoadedModel:
    """Load the model that a serving process was told to serve.

    Its pickles open if it is trusted, which whoever started this process has found out.

    Raises:
        DigestMismatch: a file is not as it was then. PickleRefused: it is not trusted, and opening it runs code.
    """
    uri, settings = specification.uri, Config.load().settings.plugins
    model = ModelFolder(
        uri, Path(specification.model), specification.digest, specification.trusted, specification.vouched
    )
    try:
        return load_checked(model, Plugins.discover(settings.allow, settings.disable))
    except DigestMismatch as error:
        raise DigestMismatch(
            f"The files of the model {uri!r} were changed after it was deployed. Deploy it again."
        ) from error
    except PickleRefused as error:
        raise PickleRefused(
            f"Opening the model {uri!r} runs code, and no record of the workspace that deployed it "
            "vouches for it. If you trust where it comes from, deploy it again and pass --allow-pickle "
            "(allow_pickle=True in Python).",
            error.imports,
        ) from error
