"""The environment: an image that a project names, or one that is made from its requirements."""

import sys
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve
from packaging.specifiers import InvalidSpecifier

from hookline.entities import ContainerImage, EnvironmentSpec, PreparedEnvironment
from hookline.errors import ExecutionFailed, InvalidValue, NotFound, NotSupported
from hookline.interfaces import Environment
from hookline_env_docker.named import read_docker_env
from hookline_env_docker.options import DockerOptions
from hookline_lib_container.engine import Engine
from hookline_lib_container.python_images import Packages, PythonImages
from hookline_lib_requirements.lines import check_lines
from hookline_lib_requirements.versions import same_minor, wanted_versions

_OWN = frozenset({"pip", "setuptools", "wheel"})


class DockerEnvironment(Environment):
    """Images by Docker or podman."""

    makes_images = True

    def __init__(self, folder: Path, options: DockerOptions | None = None) -> None:
        self._folder, self._options = folder.absolute(), options or DockerOptions()

    def prepare(self, spec: EnvironmentSpec) -> PreparedEnvironment:
        """Return the image of a `docker_env`, pulled where it is not here; or make one from requirements."""
        with Engine(self._options.engine) as engine:
            images = PythonImages(engine, self._folder, self._options)
            return self._named(spec, engine, images) if spec.kind == "docker_env" else self._made(spec, images)

    def _named(self, spec: EnvironmentSpec, engine: Engine, images: PythonImages) -> PreparedEnvironment:
        named = read_docker_env(spec, self._options.allow_volumes)
        found = engine.obtained(named.image, self._options.timeout)
        try:
            lock = images.look(named.image).lock
        except ExecutionFailed:  # it need not hold Python
            lock = ()
        return PreparedEnvironment(
            image=ContainerImage(named.image, named.volumes),
            variables=named.variables,
            digest=found.image_id.removeprefix("sha256:"),
            lock=lock,
            notes=named.notes,
        )

    def _made(self, spec: EnvironmentSpec, images: PythonImages) -> PreparedEnvironment:
        packages = self._packages(spec)
        base = self._options.base or f"python:{_version(spec.python)}-slim"
        note = _check_python(spec.python, images.look(base).python, base)
        made = images.make(base, packages)
        notes = [note] if note else []
        if spec.kind == "pyproject" and spec.file and (spec.file.parent / "uv.lock").is_file():
            notes.append("uv.lock is not used: the image has what pyproject.toml asks for.")
        prepared = PreparedEnvironment(image=ContainerImage(made.reference), digest=made.digest, lock=made.lock)
        return evolve(prepared, notes=tuple(notes))

    def _packages(self, spec: EnvironmentSpec) -> Packages:
        settings = spec.settings.get("conda")
        conda = [str(each) for each in settings] if isinstance(settings, list | tuple) else []
        if wanted := [each for each in conda if each.strip().lower() not in _OWN]:
            raise NotSupported(
                f"The image is filled by pip, which has no conda packages, and {spec.file or 'the project'} wants "
                f"{', '.join(wanted)}. Use --env uv, or a docker_env with an image that has them."
            )
        where = str(spec.file or "the project's requirements")
        return Packages(
            self._checked(spec.dependencies, where),
            self._checked(spec.build_dependencies, where),
            self._checked(spec.constraints, where),
        )

    def _checked(self, lines: Sequence[str], where: str) -> tuple[str, ...]:
        return check_lines(lines, where, allow_direct_references=self._options.allow_direct_references)


def _version(wanted: str | None) -> str:
    """Return the version in the name of the usual base image."""
    if wanted is None:
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    version = wanted.removeprefix("==")
    if version.replace(".", "").isdecimal():
        return version
    raise InvalidValue(
        f"The project wants Python {wanted!r}, which names no one image: set the option base under "
        "environments.docker, such as base: python:3.12-slim."
    )


def _check_python(wanted: str | None, found: str, base: str) -> str:
    """Return a note where the Python of an image is a close one, "" where it is what is wanted; raises `NotFound`."""
    if wanted is None:
        return ""
    try:
        exact = wanted_versions(wanted)
    except InvalidSpecifier as error:
        raise InvalidValue(f"{wanted!r} is no Python version such as '3.11' or '>=3.11,<3.14'.") from error
    if exact.contains(found, prereleases=True):
        return ""
    close = same_minor(wanted)
    if close is not None and close.contains(found, prereleases=True):
        return f"Python {wanted} is wanted, and the image {base!r} has Python {found}."
    raise NotFound(f"Python {wanted} is wanted, and the image {base!r} has Python {found}: set the option base.")
