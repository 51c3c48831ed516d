"""Images that hold Python packages: built once for each recipe, and found again by its digest."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from attrs import field, frozen, validators

from hookline.errors import ExecutionFailed, InvalidValue, NotFound
from hookline.system import file_lock
from hookline_lib_container.containers import ContainerSpec, Image
from hookline_lib_container.context import Context
from hookline_lib_container.dockerfile import Dockerfile
from hookline_lib_container.engine import Engine

FORMAT = 1
REPOSITORY = "localhost/hookline/environment"
"""No registry is ever asked for what lies below the host `localhost`."""
ENVIRONMENT = "/opt/hookline/environment"
RECIPE_LABEL = "hookline.recipe"
STAGE, BUILD = "packages", "/hookline-build"
_PIP = ("python", "-m", "pip", "--disable-pip-version-check", "--python", f"{ENVIRONMENT}/bin/python")
"""The pip of the base image fills the environment, which gets none."""
_LIST = (
    "import importlib.metadata as m, json, re, sys\n"
    "found = {}\n"
    "for each in m.distributions():\n"
    "    name = each.metadata['Name']\n"
    "    if name: found.setdefault(re.sub(r'[-_.]+', '-', name).lower(), each.version)\n"
    "print(json.dumps([sys.version.split()[0], sorted(f'{k}=={v}' for k, v in found.items())]))\n"
)


@frozen
class BuildOptions:
    """Where the packages of an image come from.

    Attributes:
        engine: the address of Docker or podman; default what DOCKER_HOST or CONTAINER_HOST say, or a usual socket.
        base: the image to begin from; default `python:VERSION-slim`.
        index_url: the package index; default the Python package index.
        find_links: folders of this machine with wheels that are considered as well.
        no_index: install from `find_links` alone.
        ca_bundle: a PEM file of certificates to trust while packages are installed; it is not in the image.
        network: that of the build's steps, such as `host`; default the engine's.
        timeout: seconds that a build may go on without a word, and that another process's build is waited for.
    """

    engine: str | None = None
    base: str | None = None
    index_url: str | None = field(default=None, repr=False)
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    ca_bundle: str | None = None
    network: str | None = None
    timeout: float = field(default=1800.0, validator=validators.gt(0))


@frozen
class Packages:
    """What to install: requirement lines (PEP 508), checked by whoever asks."""

    requirements: tuple[str, ...] = ()
    build_requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()


@frozen
class PythonImage:
    """An image with packages. `lock`: `name==version` of all that it holds; `python`: its version."""

    reference: str
    digest: str
    lock: tuple[str, ...]
    python: str


class PythonImages:
    """Makes images with packages, by one engine.

    Args:
        folder: holds locks, so that several processes make an image once.
    """

    def __init__(self, engine: Engine, folder: Path, options: BuildOptions) -> None:
        self._engine, self._folder, self._options = engine, folder, options
        self._described = cache(self._describe)

    def look(self, reference: str) -> PythonImage:
        """Return what an image holds, which is pulled where the engine does not have it.

        Raises:
            NotFound: there is none. ExecutionFailed: no Python runs in it.
        """
        found = self._engine.obtained(reference, self._options.timeout)
        return self._image(reference, found.image_id.removeprefix("sha256:"), found)

    def make(self, base: str, packages: Packages) -> PythonImage:
        """Find the image of a recipe, or build it.

        Raises:
            NotFound: there is no base image. ExecutionFailed: a package cannot be installed, or the base has no Python.
        """
        found = self._engine.obtained(base, self._options.timeout)
        if packages == Packages():
            return self._image(base, found.image_id.removeprefix("sha256:"), found)
        digest = self._digest(found, packages)
        reference = f"{REPOSITORY}:{digest[:32]}"
        if not self._engine.has_image(reference):
            with file_lock(self._folder / f"{digest[:32]}.lock", timeout=self._options.timeout):
                if not self._engine.has_image(reference):
                    self._build(base, found, packages, digest, reference)
        return self._image(reference, digest, self._engine.image(reference))

    def _build(self, base: str, found: Image, packages: Packages, digest: str, reference: str) -> None:
        context = self.context(base, found, packages, digest)
        self._engine.build(context, reference, network=self._options.network, timeout=self._options.timeout)

    def _image(self, reference: str, digest: str, image: Image) -> PythonImage:
        python, lock = self._described(reference, image.image_id)
        return PythonImage(reference, digest, lock, python)

    def _digest(self, base: Image, packages: Packages) -> str:
        options = self._options
        parts = {
            "format": FORMAT,
            "base": base.image_id,
            "build_requirements": packages.build_requirements,
            "requirements": packages.requirements,
            "constraints": packages.constraints,
            "from": [options.index_url, list(options.find_links), options.no_index],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _describe(self, reference: str, _image_id: str) -> tuple[str, tuple[str, ...]]:
        spec = ContainerSpec(reference, ("-c", _LIST), ("python",), labels={"hookline.purpose": "look"})
        try:
            python, lock = json.loads(self._engine.run(spec))
        except ExecutionFailed as error:
            raise ExecutionFailed(f"The image {reference!r} has no Python that runs: {error}") from error
        return python, tuple(lock)

    # The recipe ------------------------------------------------------------------------------------------------------

    def context(self, base: str, found: Image, packages: Packages, digest: str) -> Context:
        """Return what the image is built from: packages in a stage of their own, of which only they are copied."""
        files = {"pip.conf": self._configuration()}
        stage = Dockerfile().start(base, STAGE)
        trusted = self._trusted()
        if trusted is not None:
            files["ca.pem"] = trusted
        wheels = self._wheels()
        lines = {name: getattr(packages, name) for name in ("constraints", "build_requirements", "requirements")}
        files |= {f"{name}.txt": _text(each) for name, each in lines.items() if each}
        stage.copy(*files, to=f"{BUILD}/")
        for number in range(len(wheels)):
            stage.copy(f"wheels-{number}", to=f"{BUILD}/wheels-{number}")
        names = {"PIP_CONFIG_FILE": f"{BUILD}/pip.conf", "PIP_NO_CACHE_DIR": "1", "PIP_NO_INPUT": "1"}
        if trusted is not None:
            names |= dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), f"{BUILD}/ca.pem")
        stage.variables(names).run("python", "-m", "venv", "--without-pip", ENVIRONMENT)
        limits = ["-c", f"{BUILD}/constraints.txt"] if packages.constraints else []
        for name in ("build_requirements", "requirements"):
            if lines[name]:
                hashed = ["--require-hashes"] if all(" --hash=" in line for line in lines[name]) else []
                stage.run(*_PIP, "install", "--quiet", "-r", f"{BUILD}/{name}.txt", *limits, *hashed)
        shipped = stage.start(base).copy(ENVIRONMENT, to=ENVIRONMENT, stage=STAGE)
        path = f"{ENVIRONMENT}/bin:{found.path or '/usr/local/bin:/usr/bin:/bin'}"
        shipped.variables({"PATH": path, "VIRTUAL_ENV": ENVIRONMENT}).labels({RECIPE_LABEL: digest})
        return Context(shipped, files, {f"wheels-{number}": folder for number, folder in enumerate(wheels)})

    def _configuration(self) -> bytes:
        """Return pip's configuration: a file of the first stage, since the address of an index may hold a password."""
        options = self._options
        lines = ["[global]"]
        if options.index_url:
            lines.append(f"index-url = {_one_line(options.index_url)}")
        if options.no_index:
            lines.append("no-index = true")
        places = [f"{BUILD}/wheels-{number}" for number in range(len(options.find_links))]
        if places:
            lines += ["find-links =", *(f"    {each}" for each in places)]
        return _text(lines)

    def _trusted(self) -> bytes | None:
        if self._options.ca_bundle is None:
            return None
        try:
            return Path(self._options.ca_bundle).expanduser().read_bytes()
        except OSError as error:
            raise NotFound(f"The option ca_bundle names a file that cannot be read: {error}.") from error

    def _wheels(self) -> list[Path]:
        folders = [Path(each).expanduser() for each in self._options.find_links]
        for each in folders:
            if not each.is_dir():
                raise NotFound(f"The option find_links names {str(each)!r}, and there is no such folder.")
        return folders


def _text(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _one_line(text: str) -> str:
    if any(ord(character) < 32 for character in text):
        raise InvalidValue("The option index_url holds a control character.")
    return text
