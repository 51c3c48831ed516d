"""Certifying installed plugins: their own tests are found where they were installed from, and run by their pytest.

A certificate says how a plugin stands with one suite against one component. The tests are those that its author wrote
anyway: classes that inherit the suites of this kit. They are not in the wheel, so that they are looked for in the
folder that the distribution was installed from, which pip and uv note (PEP 610).
"""

import json
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Literal

from attrs import field, frozen

import hookline.testing as kit
from hookline.errors import ExecutionFailed, HooklineError, NotFound
from hookline.plugins import Plugins, PluginStatus
from hookline.system import end_process_tree, start_process, terminations_interrupt
from hookline.testing.suite import Suite
from hookline.uris import file_path

Result = Literal["passed", "failed", "not run"]
_SHARED = ("kind", "suite", "suite_version", "component", "stands_for")
"""What the tests of one certificate have in common."""


@frozen
class Failure:
    """A standard test that failed, or what kept the tests from running.

    Attributes:
        where: the test's name as pytest takes it, "" where it is no test.
    """

    where: str
    reason: str


@frozen
class Certificate:
    """How a plugin stands with one suite, against one component.

    Attributes:
        suite, suite_version: "" and 0 where the plugin has no tests of this kind.
        component, stands_for: as for `hookline.testing.Suite`.
        skipped, not_kept: how many tests were left out, and fail as the plugin says, by the reason.
    """

    plugin: str
    version: str
    kind: str
    suite: str = ""
    suite_version: int = 0
    component: str = ""
    stands_for: str = ""
    passed: int = 0
    skipped: Mapping[str, int] = field(factory=dict)
    not_kept: Mapping[str, int] = field(factory=dict)
    failures: tuple[Failure, ...] = ()

    @property
    def result(self) -> Result:
        """`failed` where anything did, `not run` where no test did run, else `passed`."""
        return "failed" if self.failures else "passed" if self.passed else "not run"


def certify(plugins: Plugins, status: PluginStatus, tests: Path | None = None) -> list[Certificate]:
    """Run the standard tests of a plugin and return its certificates: for each of its kinds at least one.

    Args:
        tests: where its tests are; default: in the folder that it was installed from.

    Raises:
        NotFound: there are no tests. ExecutionFailed: pytest could not be run.
    """
    folder = tests or _installed_from(status)
    notes = _run(folder)
    laws = [each for each in notes["laws"] if each["kind"] != "plugin" or each["plugin"] == status.name]
    found = _certificates(status, laws)
    wanted = {"plugin", *(plugins.kinds[hook] for hook, _provider in status.provides)} & set(_suites())
    missing = sorted(wanted - {each.kind for each in found})
    unread = [Failure(each["where"], each["reason"]) for each in notes["files"] if each["outcome"] == "failed"]
    left_out = Counter(each["reason"] for each in notes["files"] if each["outcome"] == "skipped")
    found += [_missing(status, kind, folder, left_out) for kind in missing]
    found += [Certificate(status.name, status.version, "plugin", failures=tuple(unread))] if unread else []
    return found


def uncertified(status: PluginStatus, error: HooklineError) -> Certificate:
    """Return the certificate of a plugin for which `certify` raised: its tests are not here, or cannot be run."""
    if isinstance(error, NotFound):
        return Certificate(status.name, status.version, "plugin", skipped={str(error): 0})
    return Certificate(status.name, status.version, "plugin", failures=(Failure("", str(error)),))


def _installed_from(status: PluginStatus) -> Path:
    """Return the folder that a plugin's distribution was installed from."""
    where = f"Unpack its source and say where: hookline plugins certify {status.name} --tests FOLDER"
    try:
        text = distribution(status.distribution).read_text("direct_url.json") if status.distribution else None
    except PackageNotFoundError:
        text = None
    origin: Mapping[str, Any] = json.loads(text) if text else {}
    if "dir_info" not in origin:
        raise NotFound(f"The tests of {status.name!r} are not here: it was installed from a package. {where}")
    folder = file_path(origin["url"])
    if not folder.is_dir():
        raise NotFound(
            f"The tests of {status.name!r} are not here: the folder {str(folder)!r} that it was installed from is "
            f"gone. {where}"
        )
    return folder


def _run(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Run pytest in a folder and return what the plugin `pytest_certify` noted."""
    with tempfile.TemporaryDirectory(prefix="hookline-certify-") as place:
        notes, said = Path(place, "notes.json"), Path(place, "said")
        options = ["-p", "hookline.testing.pytest_certify", "--certify-into", str(notes), "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *options, "--continue-on-collection-errors", "-q"]
        with said.open("wb") as output, terminations_interrupt():
            process = start_process(command, folder=folder, stdout=output, stderr=output)
            try:
                code = process.wait()
            except BaseException:
                process.send_signal(signal.SIGINT)  # so that it stops the servers that its tests started
                end_process_tree(process.pid, patience=30)
                raise
        if not notes.is_file() or code in (2, 3, 4):
            end = said.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
            raise ExecutionFailed(f"pytest could not run the tests in {str(folder)!r}:\n{end}", code)
        found: dict[str, list[dict[str, Any]]] = json.loads(notes.read_text(encoding="utf-8"))
        return found


def _certificates(status: PluginStatus, laws: Iterable[Mapping[str, Any]]) -> list[Certificate]:
    """Gather what became of the tests: a certificate for each suite and component, in the order of kinds."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for each in laws:
        groups.setdefault(tuple(each[name] for name in _SHARED), []).append(each)
    ordered = sorted(groups.items(), key=lambda one: (one[0][0] != "plugin", one[0]))
    return [_certificate(status, dict(zip(_SHARED, key, strict=True)), group) for key, group in ordered]


def _certificate(status: PluginStatus, shared: dict[str, Any], laws: Iterable[Mapping[str, Any]]) -> Certificate:
    by_outcome: dict[str, list[Mapping[str, Any]]] = {}
    for each in laws:
        by_outcome.setdefault(each["outcome"], []).append(each)
    return Certificate(
        plugin=status.name,
        version=status.version,
        **shared,
        passed=len(by_outcome.get("passed", ())),
        skipped=Counter(each["reason"] for each in by_outcome.get("skipped", ())),
        not_kept=Counter(f"{each['law']}: {each['reason']}" for each in by_outcome.get("not kept yet", ())),
        failures=tuple(Failure(each["where"], each["reason"]) for each in by_outcome.get("failed", ())),
    )


def _suites() -> dict[str, list[str]]:
    """Return the suites of this kit by what they are about."""
    found: dict[str, list[str]] = {}
    for name in dir(kit):
        suite = getattr(kit, name) if name.endswith("Suite") else Suite
        if suite.version:
            found.setdefault(suite.kind, []).append(name)
    return found


def _missing(status: PluginStatus, kind: str, folder: Path, left_out: Mapping[str, int]) -> Certificate:
    """Return the certificate for a kind of which no standard test was found."""
    if left_out:  # a file that is skipped as a whole, since a library or a server is not here
        return Certificate(status.name, status.version, kind, skipped=left_out)
    suites = " or ".join(f"hookline.testing.{name}" for name in _suites()[kind])
    failure = Failure("", f"no class of the tests in {str(folder)!r} inherits {suites}")
    return Certificate(status.name, status.version, kind, failures=(failure,))
