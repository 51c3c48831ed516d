"""The oracle of searches: what a comparison, an order and a page mean."""

import base64
import json
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline import search
from hookline.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    LifecycleStage,
    LoggedModel,
    Metric,
    RunData,
    RunInfo,
    RunInputs,
    RunRecord,
    ViewType,
)
from hookline.errors import InvalidValue
from hookline.search import Comparison, Entity, Field, Operator, OrderBy, Query, like

PATTERN_TEXTS = st.text(st.sampled_from("aAbéÉ%_\n."), max_size=8)


def run(name="r", *, metric=None, start=0, end=None, params=None, tags=None, datasets=(), stage=LifecycleStage.ACTIVE):
    latest = {} if metric is None else {"m": Metric("m", metric)}
    info = RunInfo(
        name, name, "0", f"artifacts:/0/{name}", "ann", start_time=start, end_time=end, lifecycle_stage=stage
    )
    return RunRecord(info, RunData(params or {}, latest, tags or {}), RunInputs(tuple(datasets)))


def dataset(name, digest, context=None):
    return DatasetInput(Dataset(name, digest), {} if context is None else {"mlflow.data.context": context})


@pytest.mark.parametrize(
    ("text", "item", "expected"),
    [
        ("metrics.m > 1", run(metric=2.0), True),
        ("metrics.m > 1", run(metric=1.0), False),
        ("metrics.m > 1", run(), False),
        ("metrics.m != 1", run(), False),
        ("metrics.m != 1", run(metric=math.nan), True),
        ("metrics.m = 0", run(metric=-0.0), True),
        ("metrics.m <= 1", run(metric=math.nan), False),
        ("metrics.m > 1e300", run(metric=math.inf), True),
        ("metrics.M > 1", run(metric=2.0), False),
        ("params.p = 'a'", run(params={"p": "A"}), False),
        ("params.p ILIKE 'a'", run(params={"p": "A"}), True),
        ("params.p ILIKE 'É%'", run(params={"p": "été"}), True),
        ("params.p LIKE '%'", run(params={"p": ""}), True),
        ("params.p LIKE '%'", run(), False),
        ("params.p IS NULL", run(), True),
        ("params.p IS NULL", run(params={"p": ""}), False),
        ("params.p IS NOT NULL", run(params={"p": ""}), True),
        ("run_id IN ('a', 'r')", run(), True),
        ("run_id NOT IN ('a', 'r')", run(), False),
        ("end_time != 5", run(), False),
        ("end_time < 5", run(end=4), True),
        ("status = 'RUNNING' AND user_id LIKE 'a__' AND artifact_uri LIKE '%/r'", run(), True),
        ("status = 'RUNNING' AND user_id = 'bob'", run(), False),
        ("dataset.name = 'b'", run(datasets=[dataset("a", "1"), dataset("b", "2")]), True),
        ("dataset.name != 'b'", run(datasets=[dataset("b", "1"), dataset("b", "2")]), False),
        ("dataset.name != 'b'", run(), False),
        ("dataset.context = 'test'", run(datasets=[dataset("a", "1"), dataset("b", "2", "test")]), True),
        ("dataset.context NOT IN ('train')", run(datasets=[dataset("a", "1")]), False),
        ("dataset.digest NOT IN ('1')", run(datasets=[dataset("a", "1"), dataset("b", "2")]), True),
    ],
)
def test_a_comparison_holds(text, item, expected):
    assert search.matches(search.parse(search.RUNS, text), item) is expected


@pytest.mark.parametrize("view", list(ViewType))
@pytest.mark.parametrize("stage", list(LifecycleStage))
def test_a_view_admits_by_lifecycle(view, stage):
    assert search.matches(search.parse(search.RUNS, view=view), run(stage=stage)) is view.admits(stage)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (["metrics.m"], ["minus", "low", "tie a", "tie b", "inf", "nan b", "nan a", "none a", "none b"]),
        (["metrics.m DESC"], ["inf", "tie a", "tie b", "low", "minus", "nan b", "nan a", "none a", "none b"]),
        (
            ["metrics.m DESC", "start_time"],
            ["inf", "tie b", "tie a", "low", "minus", "nan a", "nan b", "none a", "none b"],
        ),
    ],
)
def test_nan_comes_after_values_and_what_is_missing_last(items, expected):
    runs = [
        run("none b"),
        run("nan a", metric=math.nan, start=1),
        run("inf", metric=math.inf),
        run("tie b", metric=1.0, start=1),
        run("nan b", metric=math.nan, start=2),
        run("minus", metric=-math.inf),
        run("tie a", metric=1.0, start=2),
        run("none a"),
        run("low", metric=-1.0),
    ]
    found = search.ordered(search.parse(search.RUNS, "", items), runs)
    assert [one.info.run_id for one in found] == expected


def test_texts_order_by_code_points_and_experiment_ids_as_numbers():
    items = [Experiment(str(number), name, "") for number, name in enumerate(["b", "B", "é", "a", "Z"] + ["x"] * 6)]
    by_name = search.ordered(search.parse(search.EXPERIMENTS, "", ["name"]), items)
    assert [one.name for one in by_name][:5] == ["B", "Z", "a", "b", "x"]
    assert by_name[-1].name == "é"
    by_id = search.ordered(search.parse(search.EXPERIMENTS, "", ["experiment_id DESC"]), items)
    assert [one.experiment_id for one in by_id] == [str(number) for number in range(10, -1, -1)]


def test_a_logged_model_orders_by_its_latest_point_on_the_dataset():
    def model(name, *points):
        metrics = [Metric("m", value, step, 1, name, on, digest) for value, step, on, digest in points]
        return LoggedModel(name, "0", name, "", metrics=tuple(metrics))

    models = [
        model("a", (1.0, 1, "iris", "d1"), (9.0, 2, "wine", "d1")),
        model("b", (2.0, 2, "iris", "d1"), (0.0, 1, "iris", "d2")),
        model("c", (math.nan, 1, "iris", "d1")),
        model("d"),
    ]

    def order(**by):
        item = search.parse_order(search.LOGGED_MODELS, "metrics.m", **by)
        return [one.name for one in search.ordered(search.parse(search.LOGGED_MODELS, "", [item]), models)]

    assert order() == ["b", "a", "c", "d"]
    assert order(dataset_name="iris") == ["a", "b", "c", "d"]
    assert order(dataset_name="iris", dataset_digest="d2") == ["b", "a", "c", "d"]
    found = [one.name for one in models if search.matches(search.parse(search.LOGGED_MODELS, "metrics.m <= 1"), one)]
    assert found == ["a", "b"], "one of the points is enough"


def test_pages_hold_every_item_once():
    runs = [run(f"r{number}", metric=float(number % 3)) for number in range(10)]
    query = search.parse(search.RUNS, "", ["metrics.m"], max_results=4)
    sizes, found = [], []
    token = None
    while True:
        page = search.page(search.parse(search.RUNS, "", ["metrics.m"], max_results=4, page_token=token), runs)
        sizes.append(len(page.items))
        found += page.items
        token = page.next_page_token
        if token is None:
            break
    assert sizes == [4, 4, 2]
    assert found == search.ordered(query, runs)


def test_a_full_last_page_has_no_token():
    runs = [run(f"r{number}") for number in range(4)]
    assert search.page(search.parse(search.RUNS, max_results=4), runs).next_page_token is None
    assert search.page(search.parse(search.RUNS, max_results=4), []).next_page_token is None


def _token(**body):
    return base64.urlsafe_b64encode(json.dumps(body).encode()).decode()


def _resigned(token, position):
    body = json.loads(base64.urlsafe_b64decode(token))
    return _token(**{**body, "at": position})


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "é",
        "====",
        "AAAA",
        _token(),
        _token(at=1),
        _token(at=1, query="0" * 16),
        _token(at=1, query=None),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        base64.urlsafe_b64encode(b"[1, 2]").decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
    ids=lambda token: token[:12],
)
def test_a_damaged_token_is_refused(token):
    with pytest.raises(InvalidValue, match="Invalid page token"):
        search.page(search.parse(search.RUNS, page_token=token), [run()])


@pytest.mark.parametrize("position", [-1, 1.5, "1", None, True, [1]])
def test_a_token_with_a_strange_position_is_refused(position):
    token = search.page(search.parse(search.RUNS, max_results=1), [run("a"), run("b")]).next_page_token
    with pytest.raises(InvalidValue, match="Invalid page token"):
        search.page(search.parse(search.RUNS, page_token=_resigned(token, position)), [run()])


@pytest.mark.parametrize(
    "changed",
    [
        {"filter_text": "metrics.m > 1"},
        {"order_by": ["run_name"]},
        {"order_by": ["start_time ASC"]},
        {"view": ViewType.ALL},
    ],
    ids=str,
)
def test_a_token_belongs_to_its_query(changed):
    runs = [run("a"), run("b")]
    token = search.page(search.parse(search.RUNS, max_results=1), runs, scope=["0"]).next_page_token
    assert len(search.page(search.parse(search.RUNS, max_results=9, page_token=token), runs, scope=["0"]).items) == 1
    with pytest.raises(InvalidValue, match="another filter"):
        search.page(search.parse(search.RUNS, **changed, page_token=token), runs, scope=["0"])
    with pytest.raises(InvalidValue, match="another filter"):
        search.page(search.parse(search.RUNS, page_token=token), runs, scope=["0", "1"])


def test_a_field_of_another_vocabulary_is_a_mistake_of_the_program():
    query = Query(where=(Comparison(Field(Entity.PARAM, "p"), Operator.EQUAL, "1"),))
    with pytest.raises(KeyError):
        search.matches(query, Experiment("0", "e", ""))
    with pytest.raises(TypeError, match="no search vocabulary"):
        search.matches(query, object())
    assert search.ordered(Query(order_by=(OrderBy(Field(Entity.ATTRIBUTE, "name")),)), []) == []


@settings(max_examples=500, deadline=None)
@given(pattern=PATTERN_TEXTS, text=PATTERN_TEXTS, ignore_case=st.booleans())
def test_like_matches_as_the_same_regular_expression(pattern, text, ignore_case):
    expression = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in pattern)
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    expected = re.fullmatch(expression, text, flags) is not None
    assert like(pattern, ignore_case=ignore_case)(text) is expected


def test_like_does_not_backtrack():
    # With backtracking each of these would go on beyond the end of the universe.
    text = "a" * 5000
    assert not like("%a" * 500 + "b")(text)
    assert not like("%_a" * 500 + "%b%")(text)
    assert like("%a" * 500)(text)
    assert like("%" * 5000)(text)
    assert not like("_" * 4999)(text)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [("ss", "ß", False), ("SS", "ß", False), ("ẞ", "ß", True), ("i", "İ", False), ("K", "K", True), ("_", "ß", True)],
)
def test_ignoring_case_compares_letter_by_letter(pattern, text, expected):
    assert like(pattern, ignore_case=True)(text) is expected
