"""Install Java where it is missing, with Debian's package manager."""

import os
import shutil
import subprocess
import sys

PACKAGE = "openjdk-17-jre-headless"


def main() -> int:
    if os.environ.get("JAVA_HOME") or shutil.which("java"):
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"These tests need Java 17 or later ({PACKAGE}): install it with the system's package manager.")
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", PACKAGE]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:])
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
