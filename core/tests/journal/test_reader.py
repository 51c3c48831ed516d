"""Reading: from any record on, in any pieces, while it is written, and past what is broken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.entities.metric import as_points
from hookline.errors import InvalidValue
from hookline.journal.files import JournalFiles
from hookline.journal.frames import HEAD, Kind, frames, from_json, json_frame
from hookline.journal.reader import DamagedJournal, JournalReader, MissingRecords

ONE_POINT = 37


def reader_of(writer) -> JournalReader:
    return JournalReader(writer.files)


def paths(writer):
    return [path for _, path in writer.files.segments()]


def read_all(reader, sequence=0, limit=1000):
    """Return (sequence, records) of every read until nothing more comes."""
    found = []
    while (records := reader.read(sequence, limit)).count:
        found.append((sequence, records))
        sequence += records.count
    return found


def points(parts):
    """Return step -> key of what was read; a step that comes twice is an error."""
    pairs = [(step, one.key) for _, part in parts for one in part.points() for step in one.steps]
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def fill(writer, count=40):
    """Log points with three keys, some in batches, and return step -> key."""
    for step in range(count):
        if step % 5:
            writer.point("abc"[step % 3], 0.5, step, step)
        else:
            series = [as_points("abc"[step % 3], [0.5], [step], [step])]
            writer.batch({f"p{step}": "1"}, {"t": str(step)}, series=series)
    return {step: "abc"[step % 3] for step in range(count)}


def test_any_start_and_any_pieces_give_the_same(tmp_path_factory, make_writer):
    @settings(deadline=None, max_examples=60)
    @given(data=st.data())
    def check(data):
        writer = make_writer(tmp_path_factory.mktemp("run"), segment_bytes=data.draw(st.integers(100, 2000)))
        expected = fill(writer)
        reader, start, seen = reader_of(writer), 0, {}
        while True:
            if data.draw(st.booleans()):
                reader = reader_of(writer)
            again = data.draw(st.integers(0, start))  # as when an acknowledgement was lost
            reader.read(again, data.draw(st.integers(1, 9)))
            records = reader.read(start, data.draw(st.integers(1, 30)))
            if not records.count:
                break
            new = points([(start, records)])
            assert not seen.keys() & new.keys()
            seen |= new
            start += records.count
        assert (seen, start) == (expected, writer.sequence)

    check()


def test_every_sequence_number_is_a_start(make_writer):
    writer = make_writer(segment_bytes=500)
    expected = fill(writer)
    known = reader_of(writer)
    for sequence in range(writer.sequence + 3):
        rest, same = (points(read_all(each, sequence)) for each in (reader_of(writer), known))
        assert rest == same
        assert set(rest.items()) <= set(expected.items())
    assert rest == {}


def test_it_goes_on_while_it_is_written(make_writer):
    writer, seen, sequence = make_writer(segment_bytes=300), {}, 0
    reader = reader_of(writer)
    for step in range(200):
        writer.point("m", 1.0, step, step)
        if step % 7 == 0:
            records = reader.read(sequence)
            seen |= points([(0, records)])
            sequence += records.count
    seen |= points(read_all(reader, sequence))
    assert seen == dict.fromkeys(range(200), "m")


def test_a_record_longer_than_one_read_is_read(make_writer):
    writer = make_writer(segment_bytes=1 << 30)
    writer.batch(tags={"long": "x" * 3_000_000})
    writer.point("m", 1.0, 1, 1)
    (one,) = read_all(reader_of(writer))
    assert len(one[1].tags["long"]) == 3_000_000
    assert points([one]) == {1: "m"}


def test_no_journal_holds_no_records(tmp_path):
    reader = JournalReader(JournalFiles(tmp_path, "run", "w"))
    assert (reader.read(0).count, reader.read(5).count, reader.header()) == (0, 0, None)
    assert reader.is_empty()
    assert reader.raw(0) == b""


def test_a_missing_file_is_told_by_its_numbers(make_writer):
    writer = make_writer(segment_bytes=300)
    fill(writer)
    firsts = [first for first, _ in writer.files.segments()]
    for missing in (0, 1):
        paths(writer)[0].unlink()
        with pytest.raises(MissingRecords) as told:
            read_all(reader_of(writer))
        assert (told.value.sequence, told.value.after) == (0, firsts[missing + 1])
    for sequence in range(firsts[2]):
        with pytest.raises(MissingRecords) as told:
            reader_of(writer).read(sequence)
        assert (told.value.sequence, told.value.after) == (sequence, firsts[2])
    assert reader_of(writer).read(firsts[2]).count


def test_a_hole_in_the_middle_is_told_after_what_comes_before(make_writer):
    writer = make_writer(segment_bytes=300)
    fill(writer)
    files = writer.files.segments()
    files[2][1].unlink()
    reader = reader_of(writer)
    assert sum(records.count for _, records in [(0, reader.read(0))]) == files[2][0]
    with pytest.raises(MissingRecords) as told:
        reader.read(files[2][0])
    assert reader.skip(told.value) == (files[3][0], b"")
    assert read_all(reader, files[3][0])[0][1].count


def test_a_file_that_goes_while_it_is_read_is_looked_for_again(make_writer):
    writer = make_writer(segment_bytes=300)
    fill(writer)
    reader = reader_of(writer)
    reader.read(0, 3)
    for path in paths(writer)[:-1]:
        path.unlink()
    with pytest.raises(MissingRecords):
        reader.read(3)
    paths(writer)[0].unlink()
    assert reader.read(3).count == 0


@pytest.mark.parametrize("left", [b"\x1d", bytes(50), b"\x1d\0\0\0garbage" * 3, b"\xff" * 100])
def test_an_end_that_was_never_whole_does_not_hide_the_next_file(make_writer, left):
    """As a write leaves it that failed half-way, and could not be taken back."""
    writer = make_writer(segment_bytes=300)
    expected = fill(writer)
    with paths(writer)[0].open("ab") as file:
        file.write(left)
    for limit in (1, 1000):
        assert points(read_all(reader_of(writer), 0, limit)) == expected


def test_what_a_power_cut_took_from_a_file_is_missing_and_the_next_file_is_read(make_writer):
    writer = make_writer(segment_bytes=300)
    expected = fill(writer)
    first, second = writer.files.segments()[:2]
    whole = list(frames(first[1].read_bytes(), final=True))
    first[1].write_bytes(b"".join(whole[:-2]) + whole[-2][:5])
    reader = reader_of(writer)
    records = reader.read(0)
    assert records.count == len(whole) - 2
    with pytest.raises(MissingRecords) as told:
        reader.read(len(whole) - 2)
    assert (told.value.sequence, told.value.after) == (len(whole) - 2, second[0])
    with pytest.raises(MissingRecords) as told:  # a store that had taken one of the two
        reader_of(writer).read(len(whole) - 1)
    assert (told.value.sequence, told.value.after) == (len(whole) - 1, second[0])
    rest = points(read_all(reader, second[0]))
    assert set(rest.items()) < set(expected.items())


def flip(path, at, bits=1):
    data = bytearray(path.read_bytes())
    data[at] ^= bits
    path.write_bytes(bytes(data))


def passing(reader, limit=1000):
    """Read everything, past every damage; return what was read and what was told."""
    sequence, found, told = 0, [], []
    while True:
        try:
            records = reader.read(sequence, limit)
        except (DamagedJournal, MissingRecords) as problem:
            told.append(problem)
            sequence, _ = reader.skip(problem)
            continue
        if not records.count:
            return found, told
        found.append((sequence, records))
        sequence += records.count


@pytest.mark.parametrize("at_in_record", [0, 1, 4, 8, 20])
@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_a_flipped_bit_costs_one_record(make_writer, at_in_record, limit):
    writer = make_writer()
    for step in range(30):
        writer.point("m", 1.0, step, step)
    start = paths(writer)[0].stat().st_size - 30 * ONE_POINT
    flip(paths(writer)[0], start + 10 * ONE_POINT + at_in_record)
    reader = reader_of(writer)
    reader.ended = True
    found, (damage,) = passing(reader, limit)
    assert sorted(points(found)) == [*range(10), *range(11, 30)]
    assert (damage.sequence, damage.length) == (12, ONE_POINT)
    assert points(read_all(reader_of(writer), 20)) == dict.fromkeys(range(18, 30), "m")


def test_damage_that_hides_several_records_is_made_good_at_the_next_file(make_writer):
    """The region counts for one record; those after it in its file keep the numbers that every reader gives them."""
    writer = make_writer(segment_bytes=1000)
    for step in range(60):
        writer.point("m", 1.0, step, step)
    start = paths(writer)[0].stat().st_size - 10 * ONE_POINT
    data = bytearray(paths(writer)[0].read_bytes())
    data[start : start + 3 * ONE_POINT] = b"\xee" * 3 * ONE_POINT
    paths(writer)[0].write_bytes(bytes(data))
    lost = 3
    for limit in (1, 5, 1000):
        found, (damage, gap) = passing(reader_of(writer), limit)
        assert len(points(found)) == 60 - lost
        assert damage.length == 3 * ONE_POINT
        assert gap.after - gap.sequence == lost - 1


def test_the_points_of_a_damaged_key_are_told_apart_from_others(make_writer):
    writer = make_writer()
    writer.point("a", 1.0, 1, 1)
    before = paths(writer)[0].stat().st_size
    writer.point("b", 1.0, 2, 2)
    writer.point("a", 1.0, 3, 3)
    flip(paths(writer)[0], before + 10)
    reader = reader_of(writer)
    assert points([(0, reader.read(0))]) == {1: "a"}
    with pytest.raises(DamagedJournal) as damage:
        reader.read(3)
    sequence, passed = reader.skip(damage.value)
    assert (sequence, passed[-1:]) == (4, b"b")
    with pytest.raises(InvalidValue, match="number 1"):
        reader.read(4)
    assert len(reader.raw(4)) == ONE_POINT
    assert points([(0, reader.read(5))]) == {3: "a"}
    assert points([(0, reader_of(writer).read(5))]) == {3: "a"}


def test_a_damaged_header_gives_no_record_to_another_key(make_writer):
    """The numbers of keys hold within one file."""
    writer = make_writer(segment_bytes=300)
    writer.point("a", 1.0, 0, 0)
    writer.rest()
    writer.point("b", 1.0, 1, 1)
    flip(paths(writer)[1], 12)
    found, (damage,) = passing(reader_of(writer))
    assert points(found) == {0: "a", 1: "b"}
    assert damage.sequence == 3


def test_a_journal_whose_headers_are_damaged_is_still_that_of_its_folder(make_writer, tmp_path):
    writer = make_writer()
    writer.point("a", 1.0, 0, 0)
    assert reader_of(writer).header()["run_id"] == "run"
    flip(paths(writer)[0], 12)
    assert reader_of(writer).header() == {"run_id": "run"}
    paths(writer)[0].write_bytes(b"\x1d")
    assert reader_of(writer).header() is None


def test_a_record_is_shown_as_it_lies_in_the_file(make_writer):
    writer = make_writer(segment_bytes=300)
    fill(writer)
    reader, everything = reader_of(writer), []
    for path in paths(writer):
        everything += frames(path.read_bytes(), final=True)
    assert [reader.raw(n) for n in range(writer.sequence)] == everything
    assert reader.raw(3, 20) == b"".join(everything[3:23])
    assert reader.raw(writer.sequence) == b""


def test_a_contradiction_does_not_keep_later_records_from_being_read(make_writer):
    writer = make_writer()
    writer.batch(params={"p": "1"})
    writer.batch(params={"p": "2"})
    writer.point("m", 1.0, 1, 1)
    with pytest.raises(InvalidValue):
        reader_of(writer).read(0)
    assert reader_of(writer).read(2, 1).params == {"p": "2"}
    assert points(read_all(reader_of(writer), 3)) == {1: "m"}


def test_a_journal_without_anything_logged_is_empty(make_writer):
    writer = make_writer()
    writer.point("m", 1.0, 1, 1)
    assert not reader_of(writer).is_empty()
    whole = list(frames(paths(writer)[0].read_bytes(), final=True))
    for kept in (0, 1, 2):
        paths(writer)[0].write_bytes(b"".join(whole[:kept]))
        assert reader_of(writer).is_empty(), kept
    flip(paths(writer)[0], 12)
    assert not reader_of(writer).is_empty()


def test_a_header_names_the_process(make_writer):
    writer = make_writer(segment_bytes=100)
    writer.point("m", 1.0, 1, 1)
    writer.point("m", 1.0, 2, 2)
    header = reader_of(writer).header()
    assert (header["first"], header["process"], header["primary"], header["format"]) == (3, "17 4711", True, 2)
    (body,) = [each[9:] for each in frames(paths(writer)[1].read_bytes(), final=True) if each[8] == Kind.HEADER]
    assert from_json(body) == header
    assert json_frame(Kind.HEADER, header)[HEAD.size + 1 :] == body
