"""A conda channel that is written by hand: packages and their index, as files below a folder."""

import bz2
import hashlib
import io
import json
import os
import sys
import sysconfig
import tarfile
from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path

from rattler import Subdir

PLATFORM = str(Subdir.current())
PYTHON = sysconfig.get_python_version()
FULL = ".".join(map(str, sys.version_info[:3]))


class Channel:
    """A channel in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._records: dict[str, dict[str, dict]] = {PLATFORM: {}, "noarch": {}}
        self._index()

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def add(
        self,
        name: str,
        version: str,
        files: Mapping[str, bytes | Path],
        *,
        depends: Sequence[str] = (),
        noarch: str | None = None,
        scripts: Sequence[str] = (),
    ) -> Path:
        """Add a package. A path in `files` is the target of a link; scripts are entry points of noarch packages."""
        subdir = "noarch" if noarch else PLATFORM
        index = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": list(depends)}
        index |= {"subdir": subdir, "timestamp": 1} | ({"noarch": noarch} if noarch else {})
        paths = [_described(path, content) for path, content in files.items()]
        info = {
            "info/index.json": index,
            "info/paths.json": {"paths": paths, "paths_version": 1},
        }
        if noarch:
            link = {"type": noarch, "entry_points": list(scripts)}
            info["info/link.json"] = {"noarch": link, "package_metadata_version": 1}
        whole: dict[str, bytes | Path] = {path: json.dumps(value).encode() for path, value in info.items()}
        whole["info/files"] = "".join(f"{path}\n" for path in files).encode()
        package = self.folder / subdir / f"{name}-{version}-0.tar.bz2"
        package.write_bytes(_packed({**whole, **files}))
        content = package.read_bytes()
        digests = {"md5": hashlib.md5(content).hexdigest(), "sha256": hashlib.sha256(content).hexdigest()}
        self._records[subdir][package.name] = {**index, **digests, "size": len(content)}
        self._index()
        return package

    def _index(self) -> None:
        for subdir, records in self._records.items():
            (self.folder / subdir).mkdir(parents=True, exist_ok=True)
            repodata = {"info": {"subdir": subdir}, "packages": records, "packages.conda": {}, "repodata_version": 1}
            (self.folder / subdir / "repodata.json").write_text(json.dumps(repodata), encoding="utf-8")

    def add_python(self) -> None:
        """Add the interpreter that runs this: its program, and links to its standard library."""
        library = Path(sysconfig.get_path("stdlib"))
        below = f"lib/python{PYTHON}"
        files: dict[str, bytes | Path] = {
            f"{below}/{path.name}": path
            for path in sorted(library.iterdir())
            if path.name not in ("site-packages", "dist-packages", "__pycache__", "sitecustomize.py")
        }
        files[f"{below}/site-packages/README.txt"] = b"Packages lie here.\n"
        files[f"bin/python{PYTHON}"] = Path(os.path.realpath(sys.executable)).read_bytes()
        files["bin/python"] = Path(f"python{PYTHON}")
        self.add("python", FULL, files)

    def add_pip(self) -> None:
        """Add the pip that is installed here."""
        found = distribution("pip")
        listed = [each for each in found.files or () if ".." not in each.parts and "__pycache__" not in each.parts]
        files = {f"site-packages/{each}": Path(each.locate()).read_bytes() for each in listed}
        self.add("pip", found.version, files, depends=["python"], noarch="python")

    def add_module(self, name: str, version: str, *, depends: Sequence[str] = ("python",)) -> Path:
        """Add a Python package of one module whose `VERSION` is its version, with a script of its name."""
        code = f"VERSION = {version!r}\n\n\ndef main():\n    print(VERSION)\n".encode()
        files = {f"site-packages/{name}.py": code}
        return self.add(name, version, files, depends=depends, noarch="python", scripts=[f"{name} = {name}:main"])


def _described(path: str, content: bytes | Path) -> dict[str, object]:
    if isinstance(content, Path):
        return {"_path": path, "path_type": "softlink", "sha256": hashlib.sha256(b"").hexdigest(), "size_in_bytes": 0}
    digest = hashlib.sha256(content).hexdigest()
    return {"_path": path, "path_type": "hardlink", "sha256": digest, "size_in_bytes": len(content)}


def _packed(files: Mapping[str, bytes | Path]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            if isinstance(content, Path):
                member.type, member.linkname = tarfile.SYMTYPE, str(content)
                archive.addfile(member)
            else:
                member.size, member.mode = len(content), 0o755 if path.startswith("bin/") else 0o644
                archive.addfile(member, io.BytesIO(content))
    return bz2.compress(packed.getvalue(), 1)
