"""The environment `conda`: made once for each digest, and found again by it.

It is made where it stays, since packages are patched with the place that they lie in. What says that it is whole is
written last: a build that was interrupted has none, and is removed by the next one.
"""

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from hookline.entities import EnvironmentSpec, PreparedEnvironment
from hookline.errors import ExecutionFailed
from hookline.interfaces import Environment
from hookline.system import file_lock, run_process, sync_file
from hookline_env_conda.channels import shown
from hookline_env_conda.options import CondaOptions
from hookline_env_conda.packages import install_packages, installed_packages, present_platform
from hookline_env_conda.recipe import FORMAT, Recipe, recipe_of
from hookline_lib_requirements.installed import installed_lines

MARKER = "hookline-environment.json"


class CondaEnvironment(Environment):
    """Environments in folders of their own, below the provider's folder, each under its digest."""

    def __init__(self, folder: Path, options: CondaOptions | None = None) -> None:
        self._folder = folder.absolute()
        self._options = options or CondaOptions()

    def prepare(self, spec: EnvironmentSpec) -> PreparedEnvironment:
        """Find the environment of a spec by its digest, or make it."""
        recipe = recipe_of(spec, self._options)
        digest = recipe.digest(present_platform(), self._options)
        prefix = self._folder / digest[:32]
        if not _is_whole(prefix, digest):
            with file_lock(self._folder / f"{digest[:32]}.lock", timeout=self._options.timeout):
                if not _is_whole(prefix, digest):
                    self._build(recipe, digest, prefix)
        return _prepared(prefix, digest)

    def _build(self, recipe: Recipe, digest: str, prefix: Path) -> None:
        if prefix.exists():
            shutil.rmtree(prefix)
        try:
            with file_lock(self._folder / "packages.lock", timeout=self._options.timeout):
                install_packages(recipe, prefix, self._folder / "packages", self._options.timeout)
            self._install_requirements(recipe, prefix)
            marker = prefix / MARKER
            marker.write_text(json.dumps({"format": FORMAT, "digest": digest}), encoding="utf-8")
            sync_file(marker)
        except OSError as error:
            shutil.rmtree(prefix, ignore_errors=True)
            raise ExecutionFailed(f"The environment could not be made in {prefix}: {error.strerror}.") from error
        except BaseException:
            shutil.rmtree(prefix, ignore_errors=True)
            raise

    def _install_requirements(self, recipe: Recipe, prefix: Path) -> None:
        files = prefix / "hookline-requirements"
        limits = _written(files / "constraints.txt", "-c", recipe.constraints)
        for name in ("build_requirements", "requirements"):
            lines: tuple[str, ...] = getattr(recipe, name)
            if lines:
                hashed = ["--require-hashes"] if all(" --hash=" in line for line in lines) else []
                self._pip(prefix, [*_written(files / f"{name}.txt", "-r", lines), *limits, *hashed], recipe.where)

    def _pip(self, prefix: Path, arguments: Sequence[str], where: str) -> None:
        """Install by the environment's own pip; its failure names no secret."""
        options = self._options
        argv = [str(_python_in(prefix)), "-m", "pip", "install", "--quiet", "--no-input"]
        argv += ["--disable-pip-version-check", *(["--no-index"] if options.no_index else [])]
        argv += ["--index-url", options.index_url] if options.index_url else []
        argv += [part for link in options.find_links for part in ("--find-links", link)]
        variables = {"PYTHONNOUSERSITE": "1", "PYTHONPATH": None, "PYTHONHOME": None, "VIRTUAL_ENV": None}
        try:
            run_process([*argv, *arguments], folder=prefix, variables=variables, timeout=options.timeout)
        except ExecutionFailed as error:
            raise ExecutionFailed(
                f"The environment could not be made: pip could not install what {where} asks for. {shown(str(error))}",
                error.returncode,
            ) from None


def _is_whole(prefix: Path, digest: str) -> bool:
    try:
        marker = json.loads((prefix / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and marker.get("digest") == digest and _python_in(prefix).exists()


def _python_in(prefix: Path) -> Path:
    return prefix / "python.exe" if sys.platform == "win32" else prefix / "bin" / "python"


def _prepared(prefix: Path, digest: str) -> PreparedEnvironment:
    folders = [*prefix.glob("lib/python*/site-packages"), prefix / "Lib" / "site-packages"]
    lock = dict(line.split("==") for line in installed_packages(prefix))
    lock |= dict(line.split("==") for line in installed_lines(folders))
    scripts = prefix / "etc" / "conda" / "activate.d"
    skipped = sorted(path.name for path in scripts.glob("*")) if scripts.is_dir() else []
    programs = ("", "Library/bin", "Scripts") if sys.platform == "win32" else ("bin",)
    return PreparedEnvironment(
        variables={"CONDA_PREFIX": str(prefix), "CONDA_DEFAULT_ENV": str(prefix)},
        path_prefix=tuple(prefix / each for each in programs),
        digest=digest,
        lock=tuple(sorted(f"{name}=={version}" for name, version in lock.items())),
        notes=(f"Scripts of packages that conda would run on activation are not run: {', '.join(skipped)}.",)
        if skipped
        else (),
    )


def _written(path: Path, option: str, lines: Sequence[str]) -> list[str]:
    """Write requirement lines, if any; return pip's option for them."""
    if not lines:
        return []
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return [option, str(path)]
