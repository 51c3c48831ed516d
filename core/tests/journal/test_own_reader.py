"""What a process reads of its own journal: from memory while it can, and always what the file says."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from attrs import asdict
from hypothesis import given
from hypothesis import strategies as st

from hookline.entities import Metric, NewRun
from hookline.entities.metric import as_points
from hookline.journal import writer as writing
from hookline.journal.own_reader import OwnReader
from hookline.journal.reader import JournalReader
from hookline.journal.writer import JournalWriter

SMALL = st.integers(0, 5)
KEYS = st.sampled_from("abcd")
VALUES = st.floats(allow_nan=False) | st.just(math.inf)
METRIC = Metric("auc", 0.5, 7, 9, "m-1")
CALLS = st.one_of(
    st.tuples(st.just("point"), st.tuples(KEYS, VALUES, SMALL, SMALL)),
    st.tuples(st.just("row"), st.tuples(st.sampled_from([("a", "b"), ("b", "a", "c"), ("d",)]), SMALL, SMALL)),
    st.tuples(st.just("batch"), st.tuples(KEYS, st.lists(VALUES, max_size=3), SMALL)),
    st.tuples(st.just("event"), SMALL),
    st.tuples(st.just("ship"), st.booleans()),
)


def do(writer, what, said) -> None:
    if what == "point":
        writer.point(*said)
    elif what == "row":
        keys, step, timestamp = said
        writer.row(keys, [step + n / 4 for n in range(len(keys))], step, timestamp)
    elif what == "batch":
        key, values, number = said
        writer.batch({f"p{number}": "v"}, {"t": str(number)}, series=[as_points(key, values)])
    else:
        events = [
            {"event": "changed", "status": "FINISHED", "end_time": said},
            {"event": "metric", "metric": asdict(METRIC)},
            {"event": "read", "datasets": [], "models": ["m-1"]},
            {"event": "made", "models": [("m-2", said)]},
        ]
        writer.batch(events=events[:said])


def meaning(records):
    """What records say: in any order of points and of keys, which a store puts in order."""
    points = sorted(
        (point.key, point.step, point.timestamp, point.value) for each in records.points() for point in each
    )
    rest = (records.params, records.tags, records.metrics, records.datasets, records.model_inputs)
    return records.count, points, rest, records.model_outputs, records.change, records.created, records.sealed


@contextmanager
def writer_of(segment_bytes: int, much: int) -> Iterator[JournalWriter]:
    """A writer that keeps so many bytes in memory; not a fixture, since each example needs a new one."""
    options = {"primary": True, "on_open": lambda _writer: None, "room": lambda _more: None}
    with pytest.MonkeyPatch.context() as patched, TemporaryDirectory() as folder:
        patched.setattr(writing, "_RECENT_BYTES", much)
        writer = JournalWriter(Path(folder), "run", lambda _primary: {}, segment_bytes=segment_bytes, **options)
        yield writer
        writer.close()


@given(
    calls=st.lists(CALLS, max_size=25),
    much=st.sampled_from([100, 1000, 1 << 20]),
    segment_bytes=st.sampled_from([700, 1 << 20]),
)
def test_memory_says_what_the_file_says(calls, much, segment_bytes):
    with writer_of(segment_bytes, much) as writer:
        own, cursor = OwnReader(writer), 0
        run = asdict(NewRun("1", run_name="run", tags={"k": "v"}), recurse=False)
        writer.event("created", experiment="e", run=run)
        for what, said in [*calls, ("ship", False), ("point", ("a", 1.0, 1, 1)), ("ship", False), ("seal", False)]:
            if what == "seal":
                writer.seal({"event": "changed", "status": "FAILED", "end_time": 5})
            elif what != "ship":
                do(writer, what, said)
                continue
            while (found := own.read(cursor)).count:
                for _ in range(2 * said):  # a mirror is given it as well
                    assert meaning(own.read(cursor)) == meaning(found)
                assert meaning(found) == meaning(JournalReader(writer.files).read(cursor, found.count))
                cursor += found.count
                if found.sealed:
                    break
        assert cursor == writer.sequence


def read_from_file(monkeypatch) -> list[int]:
    """The sequence numbers from which journals are read from now on."""
    read, asked = JournalReader._read, []

    def noted(self, sequence, limit):
        asked.append(sequence)
        return read(self, sequence, limit)

    monkeypatch.setattr(JournalReader, "_read", noted)
    return asked


def test_a_file_is_read_only_where_memory_ends(make_writer, log_points, monkeypatch):
    asked = read_from_file(monkeypatch)
    monkeypatch.setattr(writing, "_RECENT_BYTES", 2000)
    writer = make_writer()
    own = OwnReader(writer)
    log_points(writer, 1, 2)
    assert own.read(0).count == 4
    assert own.read(4).count == 0
    log_points(writer, 3)
    assert own.read(4).count == 1
    assert asked == []
    log_points(writer, *range(100))
    assert own.read(5).count == 100
    assert asked == [5]
    assert own.read(105).count == 0
    log_points(writer, 4)
    assert own.read(105).count == 1
    assert asked == [5]


def test_fewer_records_than_memory_has_are_read_from_the_file(make_writer, log_points, monkeypatch):
    asked = read_from_file(monkeypatch)
    writer = make_writer()
    own = OwnReader(writer)
    log_points(writer, 1, 2)
    assert own.read(0).count == 4
    assert [own.read(0, 2).count, own.read(2, 2).count] == [2, 2]
    assert asked == [0, 2]


def test_what_a_store_did_not_take_is_not_kept_in_memory(make_writer, log_points, monkeypatch):
    asked = read_from_file(monkeypatch)
    writer = make_writer()
    own = OwnReader(writer)
    log_points(writer, 1, 2)
    assert own.read(0).count == own.read(0).count == 4
    assert asked == []
    own.forget()
    assert own.read(0).count == 4
    assert asked == [0]


def test_a_contradiction_is_told_by_the_file(make_writer):
    writer = make_writer()
    writer.batch(params={"p": "1"})
    writer.batch(params={"p": "2"})
    with pytest.raises(Exception, match="to '2'"):
        OwnReader(writer).read(0)
