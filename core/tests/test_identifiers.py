"""Identifiers are drawn many at a time, and yet nobody gets one that somebody else has."""

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hookline.entities import new_id
from hookline.entities.rules import DRAWN


def test_identifiers_are_32_digits_and_never_come_twice():
    found = [new_id() for _ in range(10 * DRAWN)]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in found)


def test_threads_share_no_identifier():
    with ThreadPoolExecutor(8) as threads:
        parts = [*threads.map(lambda _: [new_id() for _ in range(1000)], range(16))]
    found = [each for part in parts for each in part]
    assert len(set(found)) == len(found)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_forked_child_has_identifiers_of_its_own():
    new_id()  # others were drawn with it, and are the same memory in the child
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, "".join(new_id() for _ in range(2 * DRAWN)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    its = {told[at : at + 32] for at in range(0, len(told), 32)}
    assert len(its) == 2 * DRAWN
    assert not its & {new_id() for _ in range(2 * DRAWN)}
