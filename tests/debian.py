"""Install what tests need of Debian, where it is missing, with its package manager.

    python tests/debian.py PACKAGE=PROGRAM ...

A package is missing where its program is neither on the PATH nor where Debian puts programs that are not for it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

JAVA = f"{os.environ.get('JAVA_HOME', '/usr')}/bin"
PLACES = [JAVA, "/usr/sbin", "/usr/lib/podman", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]


def main(wanted: list[str]) -> int:
    path = os.pathsep.join([os.environ["PATH"], *PLACES])
    programs = dict(each.split("=") for each in wanted)
    missing = [package for package, program in programs.items() if not shutil.which(program, path=path)]
    if not missing:
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"These tests need {' and '.join(missing)}: install them with the system's package manager.")
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *missing]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:])
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
