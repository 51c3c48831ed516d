"""Install the core and one plugin, and nothing else, into an empty environment, and run that plugin's tests there.

    python tests/alone.py [--resolution highest|lowest-direct] [-k EXPRESSION] [PLUGIN ...]

Without names, the core by itself and every plugin of the laptop set (`requirements.txt`) take their turn; the others,
which have frameworks or servers of their own, are tried where they are named. The environments go into a temporary
folder and are removed.
"""

import argparse
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resolution", default="highest", choices=["highest", "lowest-direct"])
    parser.add_argument("-k", dest="only", default="", help="as for pytest: run only the tests that match")
    parser.add_argument("plugins", nargs="*")
    options = parser.parse_args()
    names = options.plugins or ["core", *laptop_set()]
    failed = [name for name in names if not passes(name, options.resolution, options.only)]
    print(f"alone ({options.resolution}): {len(names) - len(failed)} passed, {len(failed)} failed", *failed)
    return 1 if failed else 0


def laptop_set() -> list[str]:
    lists = (ROOT / name for name in ("requirements-no-ui.txt", "requirements.txt"))
    lines = [line for each in lists for line in each.read_text(encoding="utf-8").splitlines()]
    return sorted(line.removeprefix("./plugins/") for line in lines if line.startswith("./plugins/"))


def core_is_small(resolution: str) -> bool:
    """Return whether the core and its dependencies stay below 10 MB and its command line works with nothing else."""
    print(f"--- core ({resolution})", flush=True)
    with tempfile.TemporaryDirectory(prefix="hookline-alone-") as place:
        python = new_environment(Path(place), resolution, [str(ROOT / "core")])
        size = sum(path.stat().st_size for path in Path(place, "venv", "lib").rglob("*") if path.is_file())
        print(f"hookline-core with its dependencies: {size / 1e6:.1f} MB (allowed: 10)")
        said = [
            subprocess.run([python, "-m", "hookline", *words], check=False, cwd=place, capture_output=True, text=True)
            for words in (["--help"], ["plugins", "list"], ["runs", "search"])
        ]
        print(said[2].stderr.strip())
        works = [each.returncode for each in said] == [0, 0, 2] and "pip install hookline-tracking-sql" in said[
            2
        ].stderr
        return size < 10e6 and works


def new_environment(place: Path, resolution: str, packages: list[str]) -> str:
    """Return the Python of a new environment that holds these packages."""
    python = str(place / "venv" / "bin" / "python")
    subprocess.run(["uv", "venv", "-q", "--python", sys.executable, str(place / "venv")], check=True)
    install = ["uv", "pip", "install", "-q", "--python", python, "--resolution", resolution, *packages]
    subprocess.run(install, check=True, cwd=ROOT)
    return python


def shared(project: dict) -> list[str]:
    """Return the folders of the distributions of this repository that a plugin, or its tests, need."""
    needed = [*project["dependencies"], *project.get("optional-dependencies", {}).get("test", [])]
    names = [each.removeprefix("hookline-").partition(">=")[0] for each in needed if each.startswith("hookline-")]
    found = [ROOT / "plugins" / name for name in names if (ROOT / "plugins" / name).is_dir()]
    inner = [tomllib.loads((each / "pyproject.toml").read_text(encoding="utf-8"))["project"] for each in found]
    return [*map(str, found), *(each for one in inner for each in shared(one))]


def passes(name: str, resolution: str, only: str) -> bool:
    """Return whether the plugin installs and its tests pass."""
    if name == "core":
        return core_is_small(resolution)
    folder = ROOT / "plugins" / name
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = "[test]" if "test" in project.get("optional-dependencies", {}) else ""
    print(f"--- {name} ({resolution})", flush=True)
    with tempfile.TemporaryDirectory(prefix="hookline-alone-") as place:
        python = new_environment(
            Path(place),
            resolution,
            [
                f"{ROOT / 'core'}[testing]",
                *shared(project),
                f"{folder}{extra}",
                "pytest-xdist>=3.6",
                "pytest-timeout>=2.3",
            ],
        )
        options = ["-p", "no:cacheprovider", "-n", "2", "--timeout", "600", "-k", only]
        tests = [python, "-m", "pytest", "-q", *options, str(folder / "tests")]
        return subprocess.run(tests, check=False, cwd=ROOT).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
