"""Images that serve one model: its packages, then its files, on top of a base image with Python."""

import hashlib
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from attrs import frozen

from hookline.config import Config
from hookline.entities import ModelFolder
from hookline.errors import InvalidValue
from hookline.models.document import ModelDocument
from hookline.models.manifest import Manifest
from hookline.plugins import Plugins
from hookline.projects.requirement_files import read_requirements
from hookline.system import file_lock
from hookline_lib_container.context import Context
from hookline_lib_container.dockerfile import Dockerfile
from hookline_lib_container.engine import Engine
from hookline_lib_container.python_images import BuildOptions, Packages, PythonImages
from hookline_lib_requirements.lines import check_lines
from hookline_lib_scoring.names import served_name
from hookline_lib_scoring.settings import ServeSettings
from hookline_lib_scoring.specification import WorkerSpecification

REPOSITORY = "localhost/hookline/model"
MODEL, SPECIFICATION = "/opt/hookline/model", "/opt/hookline/specification.json"
PORT = 8080
WORKER = ("python", "-P", "-m", "hookline_lib_scoring.worker")
_SERVING = ("hookline-core", "hookline-lib-scoring")


@frozen
class ModelImage:
    """An image that serves a model. `digest`: that of the model's manifest."""

    reference: str
    digest: str


def make_image(engine: Engine, folder: Path, model: ModelFolder, options: BuildOptions) -> ModelImage:
    """Find the image of a model, or build it.

    Args:
        folder: holds locks.

    Raises:
        ExecutionFailed: a package cannot be installed. NotFound: there is no base image. Refused: the model's
        requirements name a place to install from.
    """
    base = options.base or f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"
    packages = PythonImages(engine, folder, options).make(base, Packages(tuple(_requirements(model.path))))
    digest = model.digest or Manifest.of(model.path).digest
    # Whether its pickles may be opened is part of the image, which serves by itself as well.
    parts = "\n".join([packages.digest, digest, model.uri, str(model.trusted), str(model.vouched)])
    name = hashlib.sha256(parts.encode()).hexdigest()[:32]
    reference = f"{REPOSITORY}:{name}"
    if not engine.has_image(reference):
        with file_lock(folder / f"{name}.lock", timeout=options.timeout):
            if not engine.has_image(reference):
                context = model_context(packages.reference, model, digest)
                engine.build(context, reference, network=options.network, timeout=options.timeout)
    return ModelImage(reference, digest)


def model_context(base: str, model: ModelFolder, digest: str) -> Context:
    """Return what a model's image is built from. By itself it serves at port 8080 of all its addresses."""
    usual = ServeSettings()
    served = WorkerSpecification(
        model=MODEL,
        digest=digest,
        trusted=model.trusted,
        vouched=model.vouched,
        uri=model.uri,
        host="0.0.0.0",
        port=PORT,
        timeout=usual.timeout,
        max_body=usual.max_body,
        batch_rows=usual.batch_rows,
        name=served_name(model.uri),
        token="",
        ready="",
    )
    file = Dockerfile().start(base).copy("model", to=MODEL).copy("specification.json", to=SPECIFICATION)
    file.labels({"hookline.model": model.uri, "hookline.digest": digest, "hookline.recipe": digest})
    file.expose(PORT).entry(*WORKER).command(SPECIFICATION)
    return Context(file, {"specification.json": served.text().encode()}, {"model": model.path})


def _requirements(model: Path) -> Iterator[str]:
    """Yield what a model's server needs: what the model says, and the plugins here that open its flavors."""
    listed = model / "requirements.txt"
    if listed.is_file():
        read = read_requirements([f"-r {listed.name}"], model, model)
        if read.constraints:
            raise InvalidValue(f"{listed}: constraints cannot be read here; write them as requirements.")
        yield from check_lines((each for each in read.lines if not _is_ours(each)), f"{listed.name} of the model")
    settings = Config.load().settings.plugins
    plugins = Plugins.discover(settings.allow, settings.disable)
    flavors = ModelDocument.read(model).flavors
    openers = {
        status.distribution: status.version
        for status in plugins.report()
        if any(kind == "flavors" and provider.name in flavors for kind, provider in status.provides)
    }
    for name, found in {**{each: version(each) for each in _SERVING}, **openers}.items():
        yield f"{name}=={found}"


def _is_ours(line: str) -> bool:
    """Whether a requirement is one of those that are added with the version that is here."""
    return line.lower().replace("_", "-").startswith("hookline-")
