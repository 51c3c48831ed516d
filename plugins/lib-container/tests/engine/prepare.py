"""Build a base image for podman from this machine's own Python, into a folder.

    python plugins/lib-container/tests/engine/prepare.py FOLDER [--finish]

The folder gets `containers.conf`, storage of its own with the image `localhost/hookline-test-base:1`, and wheels of
this clone with what they need: nothing of the user's own images and containers is looked at. No registry of images is
asked for anything. With `--finish`, after the tests, it fails where they have left a container, and removes the images
that they made.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

BASE = "localhost/hookline-test-base:1"
TOOLS = ["sh", "bash", "env", "cat", "ls", "cp", "mkdir", "rm", "ln", "sleep", "chmod", "id"]
LEFT_OUT = shutil.ignore_patterns(
    "test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "*.a", "site-packages", "share"
)
CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=8192:8192", "nproc=8192:8192"]
netns = "host"
[engine]
runtime = "runc"
"""
"""Podman's defaults raise limits above those of a confined machine, and its own runtime knows no hybrid cgroups."""


ROOT = Path(__file__).resolve().parents[4]
WHEELS = {
    "project": ["core", "plugins/tracking-sql", "plugins/artifact-file"],
    "model": ["core", "plugins/lib-scoring", "plugins/flavor-sklearn", "plugins/flavor-python"],
}
"""What images of tests are filled with; the folders that each of these needs are found from its own file."""


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for name, parts in WHEELS.items():
        make_wheels(folder / "wheels" / name, parts)
    (folder / "containers.conf").write_text(CONFIGURATION, encoding="utf-8")
    if podman(folder, "image", "exists", BASE, check=False).returncode == 0:
        return 0
    with tempfile.TemporaryDirectory(prefix="hookline-base-") as place:
        root = Path(place)
        fill(root)
        archive = subprocess.Popen(["tar", "-C", place, "-c", "."], stdout=subprocess.PIPE)
        home = str(Path(sys.base_prefix))
        change = f"ENV PATH={home}/bin:/usr/local/bin:/usr/bin:/bin"
        podman(folder, "import", "-q", "-c", change, "-", BASE, stdin=archive.stdout)
        return archive.wait()


def make_wheels(target: Path, parts: list[str]) -> None:
    """Make wheels of parts of this clone, and of all that they need."""
    for stale in target.glob("hookline_*.whl"):
        stale.unlink()
    folders = list(dict.fromkeys(each for part in parts for each in with_needed(ROOT / part)))
    options = ["--quiet", "--disable-pip-version-check", "--wheel-dir", str(target), "--find-links", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, *map(str, folders)], check=True, cwd=ROOT)


def with_needed(folder: Path) -> list[Path]:
    """Return a distribution's folder and those of the distributions of this clone that it needs."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [each.removeprefix("hookline-").partition(">")[0] for each in project["dependencies"]]
    needed = [ROOT / "plugins" / name for name in names if (ROOT / "plugins" / name / "pyproject.toml").is_file()]
    return [folder, *(each for inner in needed for each in with_needed(inner))]


def podman(folder: Path, *words: str, check: bool = True, **options: object) -> "subprocess.CompletedProcess[bytes]":
    """Run podman on the storage of the folder."""
    places = ["--root", str(folder / "storage"), "--runroot", str(folder / "run")]
    environment = {**os.environ, "CONTAINERS_CONF": str(folder / "containers.conf")}
    return subprocess.run(["podman", *places, *words], check=check, env=environment, **options)  # type: ignore[call-overload,no-any-return]


# The image -----------------------------------------------------------------------------------------------------------


def fill(root: Path) -> None:
    """Copy this Python, a shell with a few programs, and what they need to run, to where they are here."""
    for name in ("tmp", "root", "proc", "sys", "dev", "run", "var/tmp", "etc/ssl/certs", "usr/bin", "usr/local/bin"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "bin").symlink_to("usr/bin")
    prefix = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    copy_python(root, prefix, version)
    programs = [Path(found).resolve() for each in TOOLS if (found := shutil.which(each))]
    for each in TOOLS:
        found = shutil.which(each)
        assert found is not None, f"there is no program {each!r}"
        shutil.copy2(Path(found).resolve(), root / "usr/bin" / each)
    extensions = list((prefix / "lib" / version / "lib-dynload").glob("*.so"))
    copy_all(root, needed_libraries([prefix / "bin" / version, *programs, *extensions]))
    copy_all(root, loaded_by_name())
    # No authorities: the image trusts nobody until it is told to, so that an extra bundle is seen to work.
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")


def copy_python(root: Path, prefix: Path, version: str) -> None:
    """Copy the interpreter with its standard library and pip."""
    target = root / str(prefix).lstrip("/")
    shutil.copytree(prefix / "lib" / version, target / "lib" / version, ignore=LEFT_OUT, symlinks=True)
    packages = Path("lib", version, "site-packages")
    for name in ("pip", *(path.name for path in (prefix / packages).glob("pip-*.dist-info"))):
        shutil.copytree(prefix / packages / name, target / packages / name, symlinks=True)
    for library in (prefix / "lib").glob("libpython*.so*"):
        shutil.copy2(library, target / "lib" / library.name, follow_symlinks=False)
    (target / "bin").mkdir()
    shutil.copy2(prefix / "bin" / version, target / "bin" / version)
    for name in ("python", "python3"):
        (target / "bin" / name).symlink_to(version)


def needed_libraries(files: Iterable[Path]) -> set[Path]:
    """Return the shared libraries that some files load, and the loader, by `ldd`."""
    said = subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False).stdout
    return {Path(each) for each in re.findall(r"(/\S+\.so\S*) \(0x", said)}


def loaded_by_name() -> Iterator[Path]:
    """Yield libraries that no file here names: those that look up hosts and users, and what wheels expect to find."""
    folder = Path("/lib", sysconfig.get_config_var("MULTIARCH") or "")
    expected = ["libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1", "libm.so.6"]
    for name in (
        "libnss_files.so.2",
        "libnss_dns.so.2",
        "libresolv.so.2",
        "libgcc_s.so.1",
        "libstdc++.so.6",
        *expected,
    ):
        if (folder / name).exists():
            yield folder / name


def copy_all(root: Path, files: Iterable[Path]) -> None:
    for each in files:
        target = root / str(each).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy2(each.resolve(), target)


def finish(folder: Path) -> int:
    """Remove what tests have made; return 1 where they have left a container."""
    left = podman(
        folder, "ps", "--all", "--format", "{{.Names}} {{.Status}} {{.Labels}}", stdout=subprocess.PIPE
    ).stdout
    if left.strip():
        print("containers were left:", left.decode(), sep="\n")
        podman(folder, "rm", "--all", "--force", stdout=subprocess.DEVNULL)
    podman(folder, "image", "prune", "--all", "--force", "--filter", "label=hookline.recipe", stdout=subprocess.DEVNULL)
    return int(bool(left.strip()))


if __name__ == "__main__":
    place = Path(sys.argv[1]).absolute()
    sys.exit(finish(place) if "--finish" in sys.argv else main(place))
