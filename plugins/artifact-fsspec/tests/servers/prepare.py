"""Install the SSH server that is missing, with Debian's package manager."""

import os
import shutil
import subprocess
import sys

PROGRAMS = {"openssh-server": "sshd", "openssh-client": "ssh-keygen", "samba": "smbd", "vsftpd": "vsftpd"}


def main() -> int:
    path = f"{os.environ['PATH']}:/usr/sbin"
    missing = [package for package, program in PROGRAMS.items() if not shutil.which(program, path=path)]
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
    sys.exit(main())
