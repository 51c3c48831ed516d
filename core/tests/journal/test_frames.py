"""The bytes of a journal: they decode for ever, and what is damaged costs only itself."""

import struct
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.entities import Dataset, DatasetInput, Metric, ModelInput, ModelOutput, NewRun, RunChange, RunStatus
from hookline.errors import InvalidValue
from hookline.journal.frames import (
    HEAD,
    KEY_ID,
    KIND_AT,
    MAX_LENGTH,
    POINT,
    Damaged,
    Kind,
    content,
    end_of_frame,
    frame,
    frames,
    from_json,
    json_frame,
    names_frame,
    row_frame,
    to_json,
    together,
)
from hookline.journal.records import OtherFormat, Passed, Records

GOLDEN = Path(__file__).with_name("golden") / "format-2.journal"
RUN_ID, WRITER_ID = "0123456789abcdef0123456789abcdef", "fedcba9876543210"
CREATED = {
    "event": "created",
    "experiment": "squares",
    "run": {
        "experiment_id": "1",
        "run_id": RUN_ID,
        "run_name": "brave-otter-417",
        "user_id": "ann",
        "start_time": 1_700_000_000_000,
        "status": "RUNNING",
        "tags": {"mlflow.source.name": "train.py"},
    },
}
HEADER = {
    "format": 2,
    "run_id": RUN_ID,
    "writer_id": WRITER_ID,
    "first": 0,
    "written_at": 1_700_000_000_000,
    "host": "host",
    "boot_id": "boot",
    "process": "4711 5",
    "primary": True,
}
MEASURED = {
    "key": "auc",
    "value": 0.5,
    "step": 7,
    "timestamp": 1_700_000_000_009,
    "model_id": "m-1",
    "dataset_name": None,
    "dataset_digest": None,
}
DATASET = {
    "name": "rows",
    "digest": "d1",
    "source_type": "local",
    "source": "rows.csv",
    "schema": None,
    "profile": None,
}


def golden() -> list[bytes]:
    """The frames of the golden file, as the writer makes them."""

    def point(number, step, timestamp, value):
        return frame(Kind.POINT, POINT.pack(int(Kind.POINT), number, step, timestamp, value)[1:])

    return [
        json_frame(Kind.HEADER, HEADER),
        json_frame(Kind.EVENT, CREATED),
        names_frame(0, ["loss"]),
        point(0, 0, 1_700_000_000_001, 0.25),
        point(0, 1, 1_700_000_000_002, float("inf")),
        names_frame(1, ["größe", "acc"]),
        row_frame(-(2**63), 0, [0, 1], [-1.5, 2.0**-1074]),
        json_frame(Kind.PARAMS, {"alpha": "0.05"}),
        json_frame(Kind.TAGS, {"note": "größer", "empty": ""}),
        together(
            [
                json_frame(Kind.EVENT, {"event": "metric", "metric": MEASURED}),
                json_frame(Kind.PARAMS, {"beta": "1"}),
                json_frame(Kind.TAGS, {"note": "größer als"}),
                row_frame(3, 1_700_000_000_004, [0], [4.0]),
            ]
        ),
        json_frame(
            Kind.EVENT, {"event": "read", "datasets": [{"dataset": DATASET, "tags": {"k": "v"}}], "models": ["m-1"]}
        ),
        json_frame(Kind.EVENT, {"event": "made", "models": [["m-2", 3]]}),
        together(
            [
                json_frame(Kind.EVENT, {"event": "changed", "status": "FINISHED", "end_time": 1_700_000_000_010}),
                frame(Kind.SEALED),
            ]
        ),
    ]


def whole(data: bytes, *, final: bool = True) -> tuple[list[bytes], list[tuple[int, int]]]:
    """Return all frames of `data` and the regions that are damaged."""
    found, damaged, offset = [], [], 0
    while True:
        try:
            end = end_of_frame(data, offset, final=final)
        except Damaged as damage:
            damaged.append((damage.at, damage.length))
            offset = damage.at + damage.length
            continue
        if end is None:
            return found, damaged
        found.append(data[offset:end])
        offset = end


def test_the_golden_file_is_what_the_writer_writes():
    assert GOLDEN.read_bytes() == b"".join(golden())


def test_the_golden_file_decodes_for_ever():
    records, data = Records({}), GOLDEN.read_bytes()
    assert records.take(data, final=True, limit=100) == len(data)
    assert records.count == 13
    assert records.header == HEADER
    assert records.created == (NewRun(**{**CREATED["run"], "status": RunStatus.RUNNING}), "squares")
    assert [
        (points.key, list(points.steps), list(points.timestamps), list(points.values)) for points in records.points()
    ] == [
        (
            *("loss", [0, 1, -(2**63), 3], [1_700_000_000_001, 1_700_000_000_002, 0, 1_700_000_000_004]),
            [0.25, float("inf"), -1.5, 4.0],
        ),
        ("größe", [-(2**63)], [0], [5e-324]),
    ]
    assert records.params == {"alpha": "0.05", "beta": "1"}
    assert records.tags == {"note": "größer als", "empty": ""}
    assert records.metrics == [Metric("auc", 0.5, 7, 1_700_000_000_009, "m-1")]
    assert records.datasets == [DatasetInput(Dataset(**DATASET), {"k": "v"})]
    assert (records.model_inputs, records.model_outputs) == ([ModelInput("m-1")], [ModelOutput("m-2", 3)])
    assert records.change == RunChange(RunStatus.FINISHED, 1_700_000_000_010)
    assert records.sealed
    assert not records.is_empty


@given(st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=60)), max_size=12), st.booleans())
def test_frames_come_back(parts, final):
    made = [frame(kind, body) for kind, body in parts]
    assert list(frames(b"".join(made), final=final)) == made
    assert [content(one) for one in made] == [(kind, body) for kind, body in parts]


any_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(any_json | st.text(st.characters()))
def test_json_comes_back(value):
    """Lone surrogates, too: whether they are allowed is for the store to say."""
    assert from_json(to_json(value)) == value


@pytest.mark.parametrize("final", [True, False])
def test_a_file_that_is_torn_anywhere_gives_its_whole_frames(final):
    data, ends = b"".join(golden()), [0]
    for one in golden():
        ends.append(ends[-1] + len(one))
    for size in range(len(data) + 1):
        found, damaged = whole(data[:size], final=final)
        assert (len(found), damaged) == (sum(end <= size for end in ends) - 1, []), size


@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("zeros", [1, 8, 9, 37, 5000])
def test_zeros_that_a_power_cut_left_are_no_damage(zeros, final):
    data = b"".join(golden()[:5])
    for cut in (0, 1, 9, 20, 36):
        found, damaged = whole(data[: len(data) - cut] + bytes(zeros), final=final)
        # A frame of which the end is zeros is torn: nothing whole follows it.
        assert (found, damaged) == (golden()[: 5 if not cut else 4], []), cut


def test_a_flipped_bit_costs_one_frame_and_is_reported():
    made = golden()
    data = b"".join(made)
    starts = [sum(map(len, made[:n])) for n in range(len(made) + 1)]
    for at in range(starts[-2]):  # the last frame is apart: nothing tells a flipped bit in it from a torn one
        hit = next(n for n in range(len(made)) if starts[n] <= at < starts[n + 1])
        for bit in range(8):
            broken = data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :]
            found, damaged = whole(broken)
            assert found == [*made[:hit], *made[hit + 1 :]], (at, bit)
            assert damaged == [(starts[hit], len(made[hit]))], (at, bit)


def test_a_frame_that_is_being_written_is_waited_for():
    first, second = golden()[:2]
    for size in range(len(second)):
        assert list(frames(first + second[:size], final=False)) == [first]


@pytest.mark.parametrize("length", [0, MAX_LENGTH + 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("final", [True, False])
def test_an_impossible_length_is_passed(length, final):
    first, second = golden()[:2]
    broken = first + HEAD.pack(length, 1) + b"\x02garbage" + second
    assert whole(broken, final=final) == ([first, second], [(len(first), HEAD.size + 8)])
    assert whole(broken[: -len(second)], final=final) == ([first], [])


def test_a_length_beyond_the_file_is_passed_once_nothing_can_follow():
    first, second = golden()[:2]
    broken = first + HEAD.pack(1000_000, 1) + b"\x02" + second
    assert whole(broken, final=False) == ([first], [])
    assert whole(broken, final=True) == ([first, second], [(len(first), HEAD.size + 1)])


@given(st.binary(max_size=200), st.booleans())
def test_garbage_is_never_an_error_of_another_kind(data, final):
    whole(data, final=final)


def bad(kind: int, body: bytes) -> bytes:
    checked = bytes((kind,)) + body
    return HEAD.pack(len(checked), crc32(checked)) + checked


@pytest.mark.parametrize(
    "unreadable",
    [
        bad(9, b""),
        bad(255, b"x"),
        frame(Kind.POINT, b"\0" * 27),
        frame(Kind.ROW, b"\0" * 27),
        frame(Kind.ROW, b"\0" * 15),
        frame(Kind.POINT, struct.pack("<Iqqd", 77, 0, 0, 0.0)),
        row_frame(0, 0, [77], [0.0]),
        frame(Kind.NAMES, b"\0"),
        frame(Kind.NAMES, KEY_ID.pack(3) + b"\xff"),
        frame(Kind.PARAMS, b"{"),
        frame(Kind.PARAMS, b"[1]"),
        frame(Kind.TAGS, b"\xff"),
        frame(Kind.TAGS, b"7"),
        frame(Kind.HEADER, b"{}"),
        json_frame(Kind.EVENT, {"event": "unheard of"}),
        json_frame(Kind.EVENT, {"event": "created", "run": {}}),
        json_frame(Kind.EVENT, {"event": "created", "experiment": "e", "run": {"status": "RUNNING", "new": 1}}),
        json_frame(Kind.EVENT, {"event": "metric", "metric": {"key": "k"}}),
        json_frame(Kind.EVENT, {"event": "changed", "status": "DONE"}),
        json_frame(Kind.EVENT, []),
        frame(Kind.TOGETHER, b"\xff"),
        frame(Kind.TOGETHER, KEY_ID.pack(9)),
        together([json_frame(Kind.TAGS, {"t": "1"}), bad(9, b"")]),
    ],
    ids=repr,
)
def test_a_frame_that_says_nothing_known_is_an_invalid_value(unreadable):
    with pytest.raises(InvalidValue):
        Records({}).take(unreadable, final=True, limit=9)
    assert Passed({}).take(unreadable + golden()[0], final=True, limit=9) > len(unreadable)


@pytest.mark.parametrize("other", [1, 3])
def test_another_format_says_what_to_do(other):
    with pytest.raises(OtherFormat, match="pip install --upgrade hookline-core"):
        Records({}).take(json_frame(Kind.HEADER, {**HEADER, "format": other}), final=True, limit=9)


def test_a_contradiction_names_both_values():
    data = json_frame(Kind.PARAMS, {"p": "1"}) + json_frame(Kind.PARAMS, {"p": "2"})
    with pytest.raises(InvalidValue, match=r"'1' before.*to '2'"):
        Records({}).take(data, final=True, limit=9)


def test_the_head_is_eight_bytes():
    assert (HEAD.size, KIND_AT, POINT.size) == (8, 8, 29)
