"""The pytest plugin behind `hookline plugins certify`: only the standard tests run, and what became of each is noted.

It is loaded by `-p hookline.testing.pytest_certify` into the pytest of the plugin's own checkout, whose configuration
holds, with several processes (`-n`) as well.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hookline.testing.suite import laws_of, suite_of

OPTION = "--certify-into"
PROPERTY = "hookline-law"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the file to write into."""
    parser.addoption(
        OPTION, type=Path, help="Run only the standard tests of Hookline's suites; note what became of them."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start to note, in the process that hears of every test."""
    into = config.getoption(OPTION)
    if into is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Notes(into), "hookline-certify-notes")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out all that is no standard test, and let each that is one say which."""
    if config.getoption(OPTION) is None:
        return
    others = []
    for item in items[:]:
        if law := _law(item):
            item.user_properties.append((PROPERTY, law))
        else:
            items.remove(item)
            others.append(item)
    config.hook.pytest_deselected(items=others)


def _law(item: pytest.Item) -> dict[str, Any]:
    """Return what is known of a standard test before it runs; nothing where the item is none."""
    tests = getattr(item, "cls", None)
    suite = suite_of(tests) if isinstance(tests, type) else None
    name = getattr(item, "originalname", item.name)
    if tests is None or suite is None or name not in laws_of(suite):
        return {}
    return {
        "suite": suite.__name__,
        "kind": suite.kind,
        "suite_version": suite.version,
        "plugin": getattr(tests, "plugin", ""),
        "component": tests.component,
        "stands_for": tests.stands_for,
        "law": name,
    }


class Notes:
    """What became of the tests, and of the files in which no test was found."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self._laws: dict[str, dict[str, Any]] = {}
        self._files: list[dict[str, Any]] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that cannot be imported, or that is left out as a whole."""
        if not report.passed:
            note = {"where": report.nodeid, "outcome": report.outcome, "reason": _reason(report)}
            if note not in self._files:  # several processes each say it
                self._files.append(note)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of a standard test: what failed in any of its phases has failed."""
        properties: dict[str, Any] = dict(report.user_properties)
        if PROPERTY not in properties:
            return
        law = properties[PROPERTY]
        noted = self._laws.setdefault(report.nodeid, {**law, "where": report.nodeid, "outcome": "passed", "reason": ""})
        if report.failed:
            noted.update(outcome="failed", reason=_reason(report))
        elif report.skipped and noted["outcome"] == "passed":
            expected = getattr(report, "wasxfail", None)
            outcome = "skipped" if expected is None else "not kept yet"
            noted.update(outcome=outcome, reason=expected or _reason(report))

    def pytest_sessionfinish(self) -> None:
        """Write the notes."""
        notes: Mapping[str, Any] = {"laws": list(self._laws.values()), "files": self._files}
        self._into.write_text(json.dumps(notes), encoding="utf-8")


def _reason(report: pytest.CollectReport | pytest.TestReport) -> str:
    """Return why something was skipped or failed, as one line."""
    found: Any = report.longrepr
    if isinstance(found, tuple):  # of what is skipped: path, line, reason
        return str(found[2]).removeprefix("Skipped: ")
    crash = getattr(found, "reprcrash", None)
    text = crash.message if crash is not None else str(found)
    lines = [line.removeprefix("E").strip() for line in text.splitlines() if line.strip()]
    return (lines[0] if crash is not None else lines[-1]) if lines else ""
