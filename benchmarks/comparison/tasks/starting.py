"""What it costs to install a product, to import it, and to start its commands."""

import os
import statistics
from importlib.metadata import distributions
from pathlib import Path

from comparison.adapters.base import Commands, NotOffered
from comparison.data import write_project
from comparison.environments import RECIPES, create, install
from comparison.jobs import Figures, Job
from comparison.measuring import disk_bytes, run

EXTRA_PLUGINS = 30
PLUGIN = """from hookline.providers import Provider, hookimpl


@hookimpl
def commands():
    return [Provider("extra{number}", "nowhere:command", summary="A command that is never called.")]
"""


def startup(job: Job) -> Figures:
    """CPU of whole processes: import, `--version`, `--help`. The median of several, after one to warm up."""
    commands: Commands = job.area("Commands")
    times = job.size["times"]
    figures: Figures = {"import_ms": cpu_ms(commands.imports(), times)}
    try:
        figures["version_ms"] = cpu_ms(commands.command(commands.version), times)
        figures["help_ms"] = cpu_ms(commands.command("--help"), times)
    except NotOffered:
        return figures
    if job.adapter == "hookline":
        write_plugins(job.place())
        more = cpu_ms(commands.command("--help"), times, {"PYTHONPATH": job.folder})
        figures["plugin_ms"] = (more - figures["help_ms"]) / EXTRA_PLUGINS
    return figures


def cpu_ms(command: list[str], times: int, environment: dict[str, str] | None = None) -> float:
    """Return the median CPU milliseconds of a command."""
    return statistics.median([run(command, environment).cpu for _ in range(times + 1)][1:]) * 1e3


def write_plugins(folder: Path) -> None:
    """Make trivial installed plugins in a folder that goes on PYTHONPATH."""
    for number in range(EXTRA_PLUGINS):
        (folder / f"extra{number}.py").write_text(PLUGIN.format(number=number), encoding="utf-8")
        info = folder / f"extra{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: extra{number}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[hookline]\nextra{number} = extra{number}\n", encoding="utf-8")


def installation(job: Job) -> Figures:
    """Install into an environment with nothing else in it. The user's own settings of the installer hold."""
    os.environ["HOME"] = os.environ["BENCHMARK_HOME"]
    place = job.place() / "environment"
    create(place)
    before = _contents(place)
    install(place, RECIPES[job.adapter].product)
    packages, size = _contents(place)
    return {"packages": packages - before[0], "mb": (size - before[1]) / 1e6}


def _contents(place: Path) -> tuple[int, int]:
    packages = next(place.glob("lib/python*/site-packages"))
    return len({each.name for each in distributions(path=[str(packages)])}), disk_bytes(place, compiled=False)


def project(job: Job) -> Figures:
    """Run a project whose command does nothing, in the environment that is there."""
    commands: Commands = job.area("Commands")
    folder = write_project(job.place() / "project")
    path = f"{Path(commands.imports()[0]).parent}{os.pathsep}{os.environ['PATH']}"
    bare = [commands.imports()[0], str(folder / "main.py"), "0.1"]
    command, environment = commands.run_project(folder, job.place())
    environment = {**environment, "PATH": path}
    first = run(command, environment, job.place())
    ran = [run(command, environment, job.place()) for _ in range(job.size["times"])]
    base = [run(bare, environment, job.place()) for _ in range(job.size["times"])]
    wall = statistics.median(each.wall for each in ran)
    return {
        "s": wall,
        "over_ms": (wall - statistics.median(each.wall for each in base)) * 1e3,
        "cpu_s": statistics.median(each.cpu for each in ran),
        "first_s": first.wall,
    }
