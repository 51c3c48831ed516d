"""What is called on threads is handed back to the event loop, whatever becomes of it, and of who waits."""

import asyncio
import threading

import pytest

from hookline_server.threads import Threads


@pytest.fixture
def threads():
    made = Threads(4, "tested")
    yield made
    made.close()


def raising(error):
    raise error


def test_each_caller_gets_its_own_result(threads):
    async def ask():
        return await asyncio.gather(*(threads(pow, number, 2) for number in range(1000)))

    assert asyncio.run(ask()) == [number**2 for number in range(1000)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ValueError("x"), ValueError), (StopIteration("x"), RuntimeError), (SystemExit(3), SystemExit)],
    ids=lambda each: getattr(each, "__name__", repr(each)),
)
def test_an_error_comes_to_who_waits_and_no_other(threads, error, expected):
    async def ask():
        return await asyncio.gather(threads(raising, error), threads(abs, -1), return_exceptions=True)

    found, other = asyncio.run(ask())
    assert (type(found), other) == (expected, 1)


def test_there_are_as_many_threads_as_are_needed_and_no_more_than_allowed(threads):
    names = set()

    async def ask(count):
        let_go = threading.Event()

        def wait():
            names.add(threading.current_thread().name)
            let_go.wait(30)

        waiting = [threads(wait) for _ in range(count)]
        threading.Timer(0.2, let_go.set).start()
        await asyncio.gather(*waiting)

    for count, expected in ((1, 1), (1, 1), (3, 3), (20, 4)):
        names.clear()
        asyncio.run(ask(count))
        assert len(names) <= expected
        assert len([each for each in threading.enumerate() if each.name.startswith("tested")]) == expected


def test_who_went_away_is_passed_over(threads):
    async def ask():
        let_go = threading.Event()
        gone = threads(let_go.wait, 30)
        gone.cancel()
        let_go.set()
        return await threads(abs, -2)

    assert asyncio.run(ask()) == 2


def test_closing_waits_for_what_was_asked_for():
    threads, done = Threads(2, "closing"), []

    async def ask():
        for number in range(100):
            threads(done.append, number)

    asyncio.run(ask())
    threads.close()
    assert sorted(done) == list(range(100))
    assert not [each for each in threading.enumerate() if each.name.startswith("closing")]
