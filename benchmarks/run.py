"""Hookline beside its peers and the limit of this machine, in one run.

    python benchmarks/run.py [ROW ...] [--peers mlflow-sqlite,dvclive] [--reps 3] [--out FILE.md] [--json FILE.json]

Without rows, all but the optional ones run. `--list` shows them. The products are installed into environments of their
own on first use, this clone among them. README.md beside this file says how to read the result.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from comparison import markdown, report
from comparison.contenders import CONTENDERS
from comparison.environments import OURS, RECIPES, ROOT, Environments, EnvironmentsInUse
from comparison.rows import ROWS, Row
from comparison.running import Runner

CACHE = Path("~/.cache/hookline-benchmarks")


def main() -> None:
    """Do what the command line asks for."""
    options = parse(sys.argv[1:])
    if options.list:
        print(listing())
        return
    environments = Environments(options.cache.expanduser().absolute(), options.ours and options.ours.absolute())
    try:
        with environments.held():
            measure(environments, options)
    except EnvironmentsInUse as error:
        raise SystemExit(str(error)) from error


def measure(environments: Environments, options: argparse.Namespace) -> None:
    """Run the rows, and write what there is after each."""
    rows = [ROWS[name] for name in options.rows] or [row for row in ROWS.values() if not row.optional]
    load, done = os.getloadavg()[0], []
    with tempfile.TemporaryDirectory(prefix="hookline-benchmark-", dir=options.scratch) as place:
        runner = Runner(environments, Path(place), options.reps, options.peers, options.budget, options.tiny)
        for row in rows:
            outcomes = runner.row(row)
            used = {outcome.contender.environment for outcome in outcomes if outcome.figures}
            done.append(report.of_row(row, outcomes, {name: version(environments, name) for name in used}))
            write({"about": about(options, load), "rows": done}, options)
    if options.out is None:
        print(markdown.document({"about": about(options, load), "rows": done}))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="what to measure (default: all but the optional rows)")
    parser.add_argument("--list", action="store_true", help="show the rows and who takes part in each")
    parser.add_argument("--peers", type=_peers, help="comma-separated; default all, 'none' for ours and the limits")
    parser.add_argument("--reps", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--budget", type=float, help="seconds for each cell instead of the rows' own")
    parser.add_argument("--tiny", action="store_true", help="the least size, to see that everything works")
    parser.add_argument("--ours", type=Path, help="an interpreter with the Hookline to measure instead of this clone")
    parser.add_argument("--cache", type=Path, default=CACHE, help=f"where environments are kept (default {CACHE})")
    parser.add_argument("--scratch", type=Path, help="a folder on the disk to measure (default: for temporary files)")
    parser.add_argument("--out", type=Path, help="write Markdown here instead of to the terminal")
    parser.add_argument("--json", type=Path, help="write all figures here")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.rows if name not in ROWS]
    if unknown:
        parser.error(f"there is no row {', '.join(unknown)}; --list shows them")
    return options


def _peers(text: str) -> list[str]:
    names = [] if text == "none" else text.split(",")
    known = [each.name for each in CONTENDERS.values() if each.role == "peer"]
    if unknown := set(names) - set(known):
        raise argparse.ArgumentTypeError(f"no peer {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return names


def listing() -> str:
    """Return the rows with what they measure and who takes part."""
    return "\n\n".join(_listed(row) for row in ROWS.values())


def _listed(row: Row) -> str:
    optional = " (optional)" if row.optional else ""
    limit = f"limit: {row.limit}" if row.limit else f"no limit: {row.no_limit}"
    return f"{row.name}{optional}: {row.title}\n  {row.measures}\n  {', '.join(row.contenders)}; {limit}"


def about(options: argparse.Namespace, load: float) -> dict[str, str]:
    """Return what was measured, where and when."""
    ours = "the interpreter given with --ours" if options.ours else "installed from this clone"
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "Hookline": f"{ours}, {commit()}",
        "machine": f"{os.cpu_count()} CPUs, {memory()}{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_version()}, packages installed by {'uv' if shutil.which('uv') else 'pip'}",
        "load average": f"{load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end",
        "rounds": f"{options.reps}{', at the least size: the figures mean nothing' if options.tiny else ''}",
    }


def memory() -> str:
    """Return the memory of the machine, followed by a comma; empty where the system does not say."""
    if "SC_PHYS_PAGES" not in os.sysconf_names:
        return ""
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB, "


def commit() -> str:
    """Return the commit of this clone and whether its files differ from it."""
    asked = ["git", "describe", "--always", "--dirty=, with changes", "--exclude=*"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return f"commit {said}" if said else "not under version control"


def version(environments: Environments, name: str) -> str:
    """Return the version of an environment's product; what helps, where there is no product."""
    recipe = RECIPES[name]
    if not recipe.distribution:
        return ", ".join(recipe.helpers)
    code = f"import importlib.metadata as m; print(m.version({recipe.distribution!r}))"
    asked = [str(environments.python(name)), "-c", code]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return said or ("unknown" if name == OURS else "")


def write(result: dict[str, Any], options: argparse.Namespace) -> None:
    """Write what there is so far."""
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if options.out:
        options.out.write_text(markdown.document(result), encoding="utf-8")


if __name__ == "__main__":
    main()
