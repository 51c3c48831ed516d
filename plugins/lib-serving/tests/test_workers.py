"""A server of several processes: it answers, ends, and ends when its parent or one of them does."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from hookline.system import process_is_alive

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that share a socket are forked")

PROGRAM = """
import os
import sys

from hookline.errors import HooklineError, InvalidState
from hookline_lib_serving import addresses, serving
from hookline_lib_serving.workers import run_in_processes


async def application(_scope, receive, send):
    await receive()
    body = str(os.getpid()).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})


def work(bound, started):
    if "fail" in sys.argv:
        raise InvalidState("the store is closed")
    serving.run(application, bound, started)


bound = addresses.bind("127.0.0.1", 0)
try:
    run_in_processes(2, bound, work, lambda: print(bound.getsockname()[1], flush=True))
except HooklineError as error:
    print(error, file=sys.stderr)
    sys.exit(1)
"""


@pytest.fixture
def process() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", PROGRAM]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield started
    started.kill()
    started.communicate(timeout=60)


def workers(process: "subprocess.Popen[str]") -> set[int]:
    """The processes that answer, once both did."""
    assert process.stdout is not None
    url = f"http://127.0.0.1:{int(process.stdout.readline())}"
    found: set[int] = set()
    deadline = time.monotonic() + 60
    while len(found) < 2 and time.monotonic() < deadline:
        with urllib.request.urlopen(url, timeout=30) as answer:
            found.add(int(answer.read()))
    return found


def all_end(pids: set[int]) -> bool:
    deadline = time.monotonic() + 30
    while any(map(process_is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(process_is_alive, pids))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_processes_answer_until_they_are_told_to_end(process: "subprocess.Popen[str]", number: int) -> None:
    found = workers(process)
    assert len(found) == 2
    assert process.pid not in found
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
    assert all_end(found)


def test_processes_end_when_their_parent_is_killed(process: "subprocess.Popen[str]") -> None:
    found = workers(process)
    process.kill()
    process.wait(60)
    assert all_end(found)


def test_all_end_when_one_is_killed(process: "subprocess.Popen[str]") -> None:
    found = workers(process)
    os.kill(min(found), signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "A worker was ended by signal 9; the others were ended as well." in said
    assert all_end(found)


def test_a_process_that_cannot_serve_says_why() -> None:
    command = [sys.executable, "-c", PROGRAM, "fail"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "the store is closed" in done.stderr
    assert "A worker ended with exit code 1" in done.stderr
    assert "Traceback" not in done.stderr
