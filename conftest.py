"""For all tests.

Signals work as in a terminal, also where `nohup` or a shell's background made them ignored. Journals of stores that are
no files lie in a folder of the test's own. Hypothesis sets no deadlines: a busy machine is no defect.
"""

import itertools
import os
import signal
import subprocess

import pytest
from hypothesis import settings

settings.register_profile("hookline", deadline=None)
settings.load_profile("hookline")

for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGTERM, signal.SIG_DFL),
    (getattr(signal, "SIGHUP", signal.SIGTERM), signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)


_numbers = itertools.count()


@pytest.fixture(scope="session")
def _states(tmp_path_factory):
    return tmp_path_factory.mktemp("states")


@pytest.fixture(autouse=True)
def _state_folder(_states, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(_states / str(next(_numbers))))  # made by whoever writes to it


@pytest.fixture
def small_disk(tmp_path):
    """A function that mounts a disk with room for so many bytes, which is taken away after the test; root alone may."""
    mounted = []

    def mount(size):
        folder = tmp_path / f"disk-{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if os.name != "posix" or os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("a small disk can only be mounted by root")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
