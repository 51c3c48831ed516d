"""Solving and installing conda packages with rattler, in this process."""

import asyncio
import datetime
import json
import re
import shutil
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import rattler
from rattler import exceptions as theirs
from rattler.networking import Client

from hookline.errors import ExecutionFailed, InvalidValue, Unavailable
from hookline_env_conda.channels import shown
from hookline_env_conda.recipe import Recipe

T = TypeVar("T")
_MOST_SAID = 2000


def present_platform() -> str:
    """Return what conda calls this kind of machine, such as `linux-64`."""
    return str(rattler.Subdir.current())


def install_packages(recipe: Recipe, prefix: Path, cache: Path, timeout: float) -> None:
    """Choose the packages of a recipe and install them into a folder, which is made.

    Scripts that packages bring for their installation are not run.

    Args:
        cache: the folder that packages are kept in for the next environment, used by one process at a time.

    Raises:
        InvalidValue: a package is described wrongly. Unavailable: a channel is away. ExecutionFailed: no choice of
        packages fits, a package is not the one that its channel promises, or it could not be installed.
    """
    prefix.mkdir(parents=True)
    _run(_install(recipe, prefix, cache, timeout))
    for path in (prefix / "conda-meta").glob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        named = {key: shown(record[key]) for key in ("url", "channel") if record.get(key)}
        path.write_text(json.dumps(record | named, indent=2), encoding="utf-8")


async def _install(recipe: Recipe, prefix: Path, cache: Path, timeout: float) -> None:
    where = recipe.where
    try:
        specs = [rattler.MatchSpec(each) for each in recipe.packages]
    except (theirs.InvalidMatchSpecError, theirs.InvalidVersionSpecError) as error:
        raise InvalidValue(f"{where}: a conda package cannot be read: {_said(error)}") from None
    try:
        async with asyncio.timeout(timeout):
            chosen = await rattler.solve(
                [rattler.Channel(each) for each in recipe.channels],
                specs,
                gateway=rattler.Gateway(client=Client.default_client()),
                virtual_packages=rattler.VirtualPackage.detect(),
                timeout=datetime.timedelta(seconds=timeout),
                channel_relations="disabled",
            )
        async with asyncio.timeout(timeout):
            await _fetch_and_link(chosen, prefix, cache)
    except theirs.SolverError as error:
        raise ExecutionFailed(
            f"No choice of packages meets what {where} asks for, from {_names(recipe)}. Change it, or use --env "
            f"current to run with this interpreter.\n{_said(error)}"
        ) from None
    except (theirs.GatewayError, theirs.FetchRepoDataError) as error:
        raise Unavailable(
            f"A channel of {where} cannot be read: {_names(recipe)}. Check its name, the network, and "
            f"environments.conda.channels in hookline.yaml.\n{_said(error)}"
        ) from None
    except TimeoutError:
        raise Unavailable(
            f"The environment of {where} was not ready after {timeout:g} s. The option timeout says how long to wait."
        ) from None
    except (theirs.InstallerError, theirs.LinkError, theirs.ExtractError, theirs.TransactionError, OSError) as error:
        raise ExecutionFailed(
            f"The environment could not be made: a package that {where} asks for could not be fetched or installed.\n"
            f"{_said(error)}"
        ) from None


async def _fetch_and_link(chosen: Sequence[Any], prefix: Path, cache: Path) -> None:
    """Install packages. After a failure none of them stays in the cache.

    One that could not be fetched would be taken for fetched, with the content of an earlier one of its name and build.
    """
    try:
        await rattler.install(
            list(chosen), target_prefix=prefix, cache_dir=cache, client=Client.default_client(), show_progress=False
        )
    except BaseException:
        for each in chosen:
            for kept in cache.glob(f"{each.name.normalized}-{each.version}-{each.build}*"):
                if kept.is_dir():
                    shutil.rmtree(kept, ignore_errors=True)
                else:
                    kept.unlink(missing_ok=True)
        raise


def installed_packages(prefix: Path) -> list[str]:
    """Return `name==version` of every conda package in an environment."""
    found = []
    for path in (prefix / "conda-meta").glob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        found.append(f"{record['name']}=={record['version']}")
    return found


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also where this thread runs an event loop of its own, as notebooks do."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def _names(recipe: Recipe) -> str:
    return ", ".join(shown(each) for each in recipe.channels)


def _said(error: Exception) -> str:
    """Return what rattler says, without colours and secrets."""
    return shown(re.sub(r"\x1b\[[0-9;]*m", "", str(error)))[-_MOST_SAID:]
