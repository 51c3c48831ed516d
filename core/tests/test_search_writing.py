"""A search that is written as texts and read again is the same search."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.errors import NotSupported
from hookline.search import (
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    VOCABULARIES,
    Comparison,
    Entity,
    Field,
    Operator,
    OrderBy,
    Query,
    parse,
    parse_order,
    written_filter,
    written_order,
)
from hookline.testing import strategies


def again(vocabulary, query, *, plain=False):
    return parse(
        vocabulary,
        written_filter(vocabulary, query, plain=plain),
        written_order(vocabulary, query, plain=plain),
        view=query.view,
        max_results=query.max_results,
    )


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda each: each.noun)
@given(data=st.data())
def test_any_search_is_read_as_it_was_written(vocabulary, data):
    text, order, view, size = data.draw(strategies.queries(vocabulary, []))
    query = parse(vocabulary, text, order, view=view, max_results=size)
    assert again(vocabulary, query) == query
    assert again(vocabulary, query, plain=True) == query


@given(key=st.text(min_size=1), value=st.text())
def test_any_key_and_any_text_can_be_written(key, value):
    where = (Comparison(Field(Entity.PARAM, key), Operator.EQUAL, value),)
    query = Query(where, RUNS.tie_break, max_results=5)
    assert again(RUNS, query) == query


@pytest.mark.parametrize("value", [0.1, 1e300, -2.5e-7, inf, -inf])
def test_any_number_can_be_written(value):
    where = (Comparison(Field(Entity.METRIC, "m", True), Operator.LESS, value),)
    assert again(RUNS, Query(where, RUNS.tie_break, max_results=5)).where == where


@pytest.mark.parametrize(
    ("vocabulary", "text", "written"),
    [
        (RUNS, "metrics.rmse < 1", "metrics.`rmse` < 1.0"),
        (RUNS, "tags.t IS NOT NULL AND status != 'RUNNING'", "tags.`t` IS NOT NULL AND attributes.status != 'RUNNING'"),
        (RUNS, "start_time >= 5", "attributes.start_time >= 5"),
        (REGISTERED_MODELS, "name = 'a'", "attributes.name = 'a'"),
        (MODEL_VERSIONS, "run_id IN ('a', \"b'\")", "attributes.run_id IN ('a', \"b'\")"),
    ],
)
def test_a_filter_is_written_in_one_way(vocabulary, text, written):
    assert written_filter(vocabulary, parse(vocabulary, text)) == written


def test_tie_breaks_are_left_to_the_reader():
    assert written_order(RUNS, parse(RUNS)) == []
    assert written_order(RUNS, parse(RUNS, order_by=["metrics.m DESC"])) == ["metrics.`m` DESC"]
    assert written_order(RUNS, parse(RUNS, order_by=["run_id"])) == [
        "attributes.run_id ASC",
        "attributes.start_time DESC",
    ]


def test_an_order_by_the_metric_of_a_dataset_has_no_text():
    order = parse_order(LOGGED_MODELS, "metrics.m", dataset_name="d")
    assert isinstance(order, OrderBy)
    with pytest.raises(NotSupported, match="dataset"):
        written_order(LOGGED_MODELS, parse(LOGGED_MODELS, order_by=[order]))


def test_attributes_can_be_written_by_their_names_alone():
    query = parse(MODEL_VERSIONS, "attributes.name = 'wine' AND tags.a = 'b'", ["attributes.creation_timestamp DESC"])
    assert written_filter(MODEL_VERSIONS, query, plain=True) == "name = 'wine' AND tags.`a` = 'b'"
    assert written_order(MODEL_VERSIONS, query, plain=True) == ["creation_timestamp DESC"]
