"""What `hookline plugins certify` says: certificates as a table, as lines with the reasons, and as a page."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookline import __version__
from hookline.documents import to_plain
from hookline.errors import HooklineError, InvalidValue, NotFound, NotSupported
from hookline.plugins import Plugins, PluginStatus
from hookline.providers import resolve

if TYPE_CHECKING:
    from hookline.cli.context import CliContext
    from hookline.testing.certificates import Certificate

COLUMNS = ("plugin", "version", "kind", "suite", "result", "passed", "skipped", "failed", "against")
_CELLS = (*COLUMNS, "why", "certified")
_REASONS = 5
"""So many reasons of a suite's failures a person reads; beyond them the plugin's own `pytest` is the better tool."""
_HEAD = "| " + " | ".join(_CELLS) + " |"
_PAGE = """\
# Certified plugins

What the conformance suites say of each plugin, and which real thing stood behind it. Written by

```sh
hookline plugins certify -o {file}
```

which keeps the lines of plugins that are not named, or not installed, so that each is certified where what it needs is.
*Stands for* marks what was tried against an emulator or a schema only. Tests that did not run are counted as skipped,
with the reason, and never as passed.

{head}
{rule}
{lines}
"""


def certified(
    cli: "CliContext", chosen: Sequence[PluginStatus], tests: Path | None, page: Path | None
) -> "list[Certificate]":
    """Certify plugins one after the other; among several, one that cannot be tried hinders no other.

    Args:
        page: a file to write after each plugin, so that an interruption takes only what is not done yet.
    """
    found: list[Certificate] = []
    for status in chosen:
        cli.say(f"{status.name} ...")
        try:
            mine = _certify(cli.plugins, status, tests)
        except HooklineError as error:
            if len(chosen) == 1:
                raise
            mine = [resolve("hookline.testing.certificates:uncertified")(status, error)]
        if page is not None:
            write_page(page, mine)
        found += mine
    return found


def _certify(plugins: Plugins, status: PluginStatus, tests: Path | None) -> "list[Certificate]":
    try:
        certify = resolve("hookline.testing.certificates:certify")
    except ModuleNotFoundError as error:
        if error.name not in ("pytest", "hypothesis"):
            raise
        raise NotSupported(f"Certifying needs {error.name}: pip install 'hookline-core[testing]'") from error
    found: list[Certificate] = certify(plugins, status, tests)
    return found


def holds(certificates: "Sequence[Certificate]", names: Sequence[str]) -> bool:
    """Return whether nothing failed, and something passed for each plugin that was named."""
    passed = {each.plugin for each in certificates if each.result == "passed"}
    return passed.issuperset(names) and all(each.result != "failed" for each in certificates)


def plain(certificate: "Certificate") -> dict[str, Any]:
    """Return a certificate as `--json` prints it."""
    return {**to_plain(certificate), "result": certificate.result}


def row(certificate: "Certificate") -> dict[str, Any]:
    """Return a certificate as a row of the table."""
    suite = f"{certificate.suite} {certificate.suite_version}" if certificate.suite else ""
    return {
        **{name: getattr(certificate, name) for name in ("plugin", "version", "kind", "result", "passed")},
        "suite": suite,
        "skipped": sum(certificate.skipped.values()),
        "failed": len(certificate.failures) + sum(certificate.not_kept.values()),
        "against": _against(certificate),
        "why": "; ".join(reasons(certificate)),
    }


def reasons(certificate: "Certificate") -> list[str]:
    """Return why tests were left out, and which failed, a line each."""
    return [
        *(f"{count} skipped: {reason}" if count else reason for reason, count in certificate.skipped.items()),
        *(f"{count} not kept yet: {reason}" for reason, count in certificate.not_kept.items()),
        *_failures(certificate),
    ]


def _failures(certificate: "Certificate") -> list[str]:
    """Return a line for each reason: a store that cannot be opened fails a hundred tests by one."""
    places: dict[str, list[str]] = {}
    for each in certificate.failures:
        places.setdefault(each.reason, []).append(each.where)
    lines = [_failure(reason, where) for reason, where in places.items()]
    if len(lines) <= _REASONS:
        return lines
    return [*lines[:_REASONS], f"and for {len(lines) - _REASONS} more reasons, which --json lists"]


def _failure(reason: str, where: Sequence[str]) -> str:
    if not where[0]:
        return reason
    others = f" and {len(where) - 1} more" if len(where) > 1 else ""
    return f"{where[0]}{others}: {reason}"


def _against(certificate: "Certificate") -> str:
    stands = f" (stands for {certificate.stands_for})" if certificate.stands_for else ""
    return f"{certificate.component}{stands}"


def check_page(file: Path) -> None:
    """Raise where a page cannot be written: its folder is not there, or the file is something else."""
    if not file.absolute().parent.is_dir():
        raise NotFound(f"There is no folder {str(file.absolute().parent)!r} to write {file.name!r} into.")
    if file.exists() and _HEAD not in file.read_text(encoding="utf-8", errors="replace"):
        raise InvalidValue(f"{str(file)!r} is there and is no page of certificates; name another file.")


def write_page(file: Path, certificates: "Sequence[Certificate]") -> None:
    """Write certificates as a page in Markdown; lines of other plugins that the file has stay."""
    lines: dict[str, list[str]] = {}
    present = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in present[present.index(_HEAD) + 2 :] if present else []:
        if line.startswith("| "):
            lines.setdefault(line.split(" | ")[0].removeprefix("| "), []).append(line)
    for name in {each.plugin for each in certificates}:
        lines[name] = [_line(each) for each in certificates if each.plugin == name]
    text = _PAGE.format(
        file=file.name,  # not where it lies on this machine: the page may be published
        head=_HEAD,
        rule="|" + "---|" * len(_CELLS),
        lines="\n".join(line for name in sorted(lines) for line in lines[name]),
    )
    file.write_text(text, encoding="utf-8")


def _line(certificate: "Certificate") -> str:
    today = datetime.now(UTC).date().isoformat()
    cells = {**row(certificate), "certified": f"{today}, core {__version__}, Python {platform.python_version()}"}
    return "| " + " | ".join(" ".join(str(cells[name]).split()).replace("|", "\\|") for name in _CELLS) + " |"
