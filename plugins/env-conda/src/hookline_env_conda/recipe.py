"""What an environment is made from: packages, channels and requirement lines, each checked; and its digest."""

import hashlib
import json
import re
import sys
from collections.abc import Sequence

from attrs import field, frozen

from hookline.entities import EnvironmentSpec
from hookline.errors import InvalidValue, NotSupported, Refused
from hookline_env_conda.channels import place_of, places_of, shown
from hookline_env_conda.options import CondaOptions
from hookline_lib_requirements.lines import check_lines

FORMAT = 1
_PACKAGE = re.compile(
    r"(?:(?P<channel>[^\s\[\]]+)::)?(?P<name>[A-Za-z0-9_][\w.\-]*)(?P<wanted>(?:\s*[\s=<>!~*\d|,.\w+\-()]*)?)"
    r"(?P<more>\[[^\]]*\])?"
)
_KEYS_THAT_LEAD_ELSEWHERE = re.compile(r"\b(?:url|channel|subdir|fn)\s*=")


@frozen
class Recipe:
    """All that an environment is made from.

    Attributes:
        packages: what conda shall install, as it writes it. channels: URLs, the first one first.
        requirements, build_requirements, constraints: what pip shall install afterwards.
    """

    packages: tuple[str, ...]
    channels: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    build_requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    where: str = field(default="", eq=False)

    def digest(self, platform: str, options: CondaOptions) -> str:
        """Name the environment: equal recipes give equal environments."""
        parts = {
            "format": FORMAT,
            "platform": platform,
            "packages": self.packages,
            "channels": self.channels,
            "build_requirements": self.build_requirements,
            "requirements": self.requirements,
            "constraints": self.constraints,
            "from": [options.index_url, list(options.find_links), options.no_index],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def recipe_of(spec: EnvironmentSpec, options: CondaOptions) -> Recipe:
    """Return what the environment of a spec is made from.

    Raises:
        NotSupported: the spec wants a container. Refused: something chooses a place to install from. InvalidValue:
        something cannot be read.
    """
    if spec.kind == "docker_env":
        raise NotSupported(
            "A docker_env is an image, and --env conda makes environments of packages. Use --env current to run with "
            "this interpreter."
        )
    where = str(spec.file or "the project's environment")
    packages = [_checked_package(each, options, where) for each in _texts(spec.settings.get("conda"))]
    requirements, build, constraints = (
        check_lines(lines, where, allow_direct_references=options.allow_direct_references)
        for lines in (spec.dependencies, spec.build_dependencies, spec.constraints)
    )
    packages.insert(0, _python(spec, where))
    if (requirements or build) and not any(_name(each) == "pip" for each in packages):
        packages.append("pip")
    channels = places_of(_texts(spec.settings.get("channels")), options, where)
    return Recipe(tuple(packages), channels, requirements, build, constraints, where)


def _python(spec: EnvironmentSpec, where: str) -> str:
    """Return the package of the wanted Python; a conda file that names none gets any, another project the present."""
    if spec.python is None:
        present = f"{sys.version_info.major}.{sys.version_info.minor}"
        return "python" if spec.kind == "conda_env" else f"python ={present}"
    if not re.fullmatch(r"[\w.*,<>=!~|]+", spec.python.replace(" ", "")):
        raise InvalidValue(f"{where}: {spec.python!r} is no Python version such as '3.11' or '>=3.11,<3.14'.")
    version = spec.python.replace(" ", "")
    return f"python ={version}" if version[0].isdigit() else f"python {version}"


def _checked_package(text: str, options: CondaOptions, where: str) -> str:
    if "://" in text.rpartition("::")[2] or _KEYS_THAT_LEAD_ELSEWHERE.search(text):
        raise Refused(
            f"{where}: the package {shown(text)!r} names a place of its own, and no project chooses where packages "
            "come from. Allowed are names with versions and builds, such as 'numpy >=1.26,<3' or 'numpy=1.26=py311*'."
        )
    match = _PACKAGE.fullmatch(text.strip())
    if match is None:
        raise InvalidValue(f"{where}: cannot read the package {shown(text)!r}; write it such as 'numpy=1.26'.")
    rest = f"{match['name']}{match['wanted']}{match['more'] or ''}".strip()
    return f"{place_of(match['channel'], options, where)}::{rest}" if match["channel"] else rest


def _name(package: str) -> str:
    match = re.match(r"[\w.\-]+", package.rpartition("::")[2])
    return match[0].lower() if match else ""


def _texts(value: object) -> Sequence[str]:
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()
