"""What is sent to the workers, as archives that are named by what they hold, so that each is made once."""

import importlib.metadata
import json
import re
import secrets
import sys
import zipfile
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from hookline.errors import InvalidState
from hookline.models.requirements import read_requirements

OWN = ("hookline-score-spark", "hookline-core", "hookline-lib-rows")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def model_archive(folder: Path, digest: str, into: Path) -> Path:
    """Return an archive of a model's folder, named by the digest of its manifest."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return _made(into / f"model-{digest.rpartition(':')[2][:32]}.zip", files)


def packages_archive(folder: Path, flavors: Iterable[str], into: Path) -> Path:
    """Return an archive of the packages that a model needs, as they are installed here, named by their digests.

    These are the model's requirements, the plugins of its flavors and this engine, with all that they require.

    Args:
        folder: of the model. flavors: the distributions that offer its flavors.

    Raises:
        InvalidState: one of them is not installed, or not as files that can be sent.
    """
    wanted = [*OWN, *flavors, *(_name(line) for line in read_requirements(folder))]
    files: dict[str, Path] = {}
    digest = sha256(f"python {sys.version_info[:2]} {sys.platform}\n".encode())
    for found in _closure(wanted):
        digest.update(f"{_canonical(found.metadata['Name'])} {found.version}\n".encode())
        for name, path in _files_of(found).items():
            files[name] = path
            digest.update(f"{name} {path.stat().st_size}\n".encode())
    return _made(into / f"packages-{digest.hexdigest()[:32]}.zip", files)


def _closure(names: Iterable[str]) -> list[importlib.metadata.Distribution]:
    """Return distributions with all that they require here, ordered by name."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = [_canonical(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found or name == "pyspark":  # which the workers have: it runs them
            continue
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if name in map(_canonical, names):
                raise InvalidState(
                    f"The model needs {name!r}, which is not installed here and cannot be sent."
                ) from None
            continue  # it is not for this platform
        waiting += [_canonical(_name(line)) for line in found[name].requires or () if "extra ==" not in line]
    return [found[name] for name in sorted(found)]


def _files_of(found: importlib.metadata.Distribution) -> Mapping[str, Path]:
    name = found.metadata["Name"]
    if json.loads(found.read_text("direct_url.json") or "{}").get("dir_info", {}).get("editable"):
        raise InvalidState(
            f"The package {name!r} is installed as a link to its sources. Install it as a package to send it."
        )
    files = {}
    for each in found.files or ():
        path = Path(str(found.locate_file(each)))
        if ".." not in each.parts and "__pycache__" not in each.parts and path.is_file():
            files[each.as_posix()] = path
    return files


def _made(archive: Path, files: Mapping[str, Path]) -> Path:
    if archive.exists():
        return archive
    archive.parent.mkdir(parents=True, exist_ok=True)
    temporary = archive.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
            for name, path in files.items():
                made.write(path, name)
        temporary.replace(archive)
    finally:
        temporary.unlink(missing_ok=True)
    return archive


def _name(requirement: str) -> str:
    found = _NAME.match(requirement.strip())
    return found[0] if found else ""


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
