"""Filters and orders become queries, or one clear error with a caret under the place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline import search
from hookline.entities import ViewType
from hookline.errors import FilterError, InvalidValue
from hookline.search import Columns, Comparison, Entity, Field, Operator
from hookline.search.parser import MAX_CLAUSES, MAX_LENGTH, MAX_LIST, MAX_ORDER
from hookline.search.vocabulary import PROMPT_TAG
from hookline.testing import strategies

RUNS, MODELS = search.RUNS, search.REGISTERED_MODELS
NUMERIC = "= != > >= < <="
TEXT = "= != LIKE ILIKE"
LISTS = "|IN|NOT IN"
NULLS = "|IS NULL|IS NOT NULL"

ACCEPTED = [
    ("metrics.rmse < 80", Entity.METRIC, "rmse", Operator.LESS, 80.0),
    ("metric.rmse >= -1.5e-3", Entity.METRIC, "rmse", Operator.GREATER_EQUAL, -0.0015),
    ("metrics.`a b` = .5", Entity.METRIC, "a b", Operator.EQUAL, 0.5),
    ('metrics."a b"!=+5.', Entity.METRIC, "a b", Operator.NOT_EQUAL, 5.0),
    ("metrics.größe > 1E6", Entity.METRIC, "größe", Operator.GREATER, 1e6),
    ("metrics.train/loss-x:1 <= 1", Entity.METRIC, "train/loss-x:1", Operator.LESS_EQUAL, 1.0),
    ("params.alpha = '0.05'", Entity.PARAM, "alpha", Operator.EQUAL, "0.05"),
    ('param.alpha = "it\'s"', Entity.PARAM, "alpha", Operator.EQUAL, "it's"),
    ("parameters.alpha = 'it''s'", Entity.PARAM, "alpha", Operator.EQUAL, "it's"),
    ("parameter.a != ''", Entity.PARAM, "a", Operator.NOT_EQUAL, ""),
    ("params.`a``b` = 'x'", Entity.PARAM, "a`b", Operator.EQUAL, "x"),
    ("params.and = 'or'", Entity.PARAM, "and", Operator.EQUAL, "or"),
    ("params.a like '%x_'", Entity.PARAM, "a", Operator.LIKE, "%x_"),
    ("params.a = 'x\n\ty \\ AND ('", Entity.PARAM, "a", Operator.EQUAL, "x\n\ty \\ AND ("),
    ("tags.mlflow.parentRunId = 'x'", Entity.TAG, "mlflow.parentRunId", Operator.EQUAL, "x"),
    ("tag.`mlflow.source.name` iLike 'x'", Entity.TAG, "mlflow.source.name", Operator.ILIKE, "x"),
    ("tags.a is null", Entity.TAG, "a", Operator.IS_NULL, None),
    ("tags.a  IS \n NOT  Null", Entity.TAG, "a", Operator.IS_NOT_NULL, None),
    ("run_id IN ('a',\"b\" , 'c')", Entity.ATTRIBUTE, "run_id", Operator.IN, ("a", "b", "c")),
    ("attributes.run_id not in ('a')", Entity.ATTRIBUTE, "run_id", Operator.NOT_IN, ("a",)),
    ("attr.status = 'FINISHED'", Entity.ATTRIBUTE, "status", Operator.EQUAL, "FINISHED"),
    ("run.user_id LIKE 'a%'", Entity.ATTRIBUTE, "user_id", Operator.LIKE, "a%"),
    ("attribute.`Run Name` = 'x'", Entity.ATTRIBUTE, "run_name", Operator.EQUAL, "x"),
    ("\"run name\" = 'x'", Entity.ATTRIBUTE, "run_name", Operator.EQUAL, "x"),
    ("run name = 'x'", Entity.ATTRIBUTE, "run_name", Operator.EQUAL, "x"),
    ("Created > 1664067852747", Entity.ATTRIBUTE, "start_time", Operator.GREATER, 1664067852747),
    ("end_time < 9007199254740993", Entity.ATTRIBUTE, "end_time", Operator.LESS, 9007199254740993),
    ("start_time = 99999999999999999999", Entity.ATTRIBUTE, "start_time", Operator.EQUAL, 1e20),
    ("dataset.name = 'iris'", Entity.DATASET, "name", Operator.EQUAL, "iris"),
    ("datasets.`context` NOT IN ('test')", Entity.DATASET, "context", Operator.NOT_IN, ("test",)),
]

REJECTED = [
    # text, 0-based place of the caret, part of the message
    ("metrics.a > 1 OR metrics.b > 1", 14, "AND only"),
    ("(metrics.a > 1)", 0, "AND only"),
    ("metrics.a > 1 AND (metrics.b > 1)", 18, "AND only"),
    ("NOT metrics.a > 1", 0, "AND only"),
    ("metrics.a > 1)", 13, "AND only"),
    ("metrics.a > 1;", 13, "AND only"),
    ("metrics.a > 1 metrics.b > 1", 14, "AND or the end"),
    ("metrics.a > 1 AND", 17, "A field such as"),
    ("AND metrics.a > 1", 0, "A field such as"),
    ("metrics.a > 1 AND AND metrics.b > 1", 18, "A field such as"),
    ("1 < metrics.a", 0, "A field such as"),
    ("'metrics.a' > 1", 0, "A field such as"),
    ("metrics.a", 9, "An operator is expected"),
    ("metrics.a 5", 10, "An operator is expected"),
    ("metrics.a == 5", 10, "write ="),
    ("metrics.a <> 5", 10, "write !="),
    ("metrics.a =! 5", 10, "not an operator"),
    ("params.a ! 'x'", 9, "not an operator"),
    ("params.a NOT LIKE 'x'", 9, "An operator is expected"),
    ("params.a NOT NULL", 9, "An operator is expected"),
    ("params.a IS 'x'", 9, "An operator is expected"),
    ("metrics.a LIKE '1'", 10, "LIKE is not allowed with metrics.a of runs: allowed are =, !=, >"),
    ("metrics.a IS NULL", 10, "IS NULL is not allowed"),
    ("params.a > '1'", 9, "> is not allowed with params.a"),
    ("params.a IN ('1')", 9, "IN is not allowed"),
    ("status IN ('FINISHED')", 7, "IN is not allowed with status"),
    ("start_time LIKE '1'", 11, "LIKE is not allowed with start_time"),
    ("metrics.a > '1'", 12, "a number without quotes"),
    ("metrics.a > x", 12, "a number without quotes"),
    ("metrics.a > nan", 12, "a number without quotes"),
    ("metrics.a > 1.2.3", 12, "not a number"),
    ("metrics.a > 5-", 12, "not a number"),
    ("start_time > '5'", 13, "a number without quotes"),
    ("params.a = 0.05", 11, "a quoted string"),
    ("params.a = x", 11, "a quoted string"),
    ("params.a = `x`", 11, "a quoted string"),
    ("params.a =", 10, "a quoted string"),
    ("run_id IN 'a'", 10, "list of quoted strings"),
    ("run_id IN ()", 11, "a quoted string"),
    ("run_id IN (1)", 11, "a quoted string"),
    ("run_id IN ('a' 'b')", 15, "comma"),
    ("run_id IN ('a',)", 15, "a quoted string"),
    ("run_id IN ('a'", 14, "comma"),
    ("params.`a = 'x'", 7, "never closed"),
    ("params.a = 'x", 11, "never closed"),
    ("params. a = 'x'", 8, "After the dot"),
    ("params.'a' = 'x'", 7, "After the dot"),
    ("params.a # 'x'", 9, "'#' cannot stand here"),
    ("strat_time > 5", 0, "Did you mean 'start_time'?"),
    ("attributes.stat = 'x'", 0, "Did you mean 'status'?"),
    ("START_TIME > 5", 0, "Did you mean 'start_time'?"),
    ("mtrics.a > 1", 0, "Did you mean 'metrics'?"),
    ("Metrics.a > 1", 0, "Did you mean 'metrics'?"),
    ("mlflow.parentRunId = 'x'", 0, "Allowed are attributes, metrics, params, tags, datasets"),
    ("rmse < 80", 0, "For another value write metrics.rmse or params.rmse."),
    ("lifecycle_stage = 'active'", 0, "Invalid attribute key 'lifecycle_stage' of runs"),
    ("dataset.nme = 'x'", 0, "Did you mean 'name'?"),
]

PIECES = [
    "metrics.a",
    "params.`b`",
    "run_id",
    "AND",
    "OR",
    "IN",
    "NOT",
    "IS",
    "NULL",
    "LIKE",
    "=",
    "!=",
    "<",
    "(",
    ")",
    ",",
    "'x'",
    '"',
    "`",
    "1",
    "-2e5",
    ".",
    "run",
    "name",
    "é",
    "\n",
]

# The grammar table, written down once more: field -> operators that are allowed in a filter, and whether it orders.
TABLES = [
    (search.RUNS, "metrics.k", NUMERIC, True),
    (search.RUNS, "params.k", TEXT + NULLS, True),
    (search.RUNS, "tags.k", TEXT + NULLS, True),
    (search.RUNS, "run_id", TEXT + LISTS, True),
    (search.RUNS, "run_name", TEXT, True),
    (search.RUNS, "user_id", TEXT, True),
    (search.RUNS, "status", TEXT, True),
    (search.RUNS, "artifact_uri", TEXT, True),
    (search.RUNS, "start_time", NUMERIC, True),
    (search.RUNS, "end_time", NUMERIC, True),
    (search.RUNS, "dataset.name", TEXT + LISTS, False),
    (search.RUNS, "dataset.digest", TEXT + LISTS, False),
    (search.RUNS, "dataset.context", TEXT + LISTS, False),
    (search.EXPERIMENTS, "name", TEXT, True),
    (search.EXPERIMENTS, "experiment_id", "= !=" + LISTS, True),
    (search.EXPERIMENTS, "creation_time", NUMERIC, True),
    (search.EXPERIMENTS, "last_update_time", NUMERIC, True),
    (search.EXPERIMENTS, "tags.k", TEXT + NULLS, False),
    (search.REGISTERED_MODELS, "name", TEXT + LISTS, True),
    (search.REGISTERED_MODELS, "tags.k", TEXT, False),
    (search.REGISTERED_MODELS, "timestamp", "", True),
    (search.REGISTERED_MODELS, "last_updated_timestamp", "", True),
    (search.REGISTERED_MODELS, "creation_timestamp", "", True),
    (search.MODEL_VERSIONS, "name", TEXT + LISTS, True),
    (search.MODEL_VERSIONS, "run_id", TEXT + LISTS, False),
    (search.MODEL_VERSIONS, "source_path", TEXT, False),
    (search.MODEL_VERSIONS, "version_number", NUMERIC, True),
    (search.MODEL_VERSIONS, "creation_timestamp", "", True),
    (search.MODEL_VERSIONS, "last_updated_timestamp", "", True),
    (search.MODEL_VERSIONS, "tags.k", TEXT, False),
    (search.LOGGED_MODELS, "name", TEXT + LISTS, True),
    (search.LOGGED_MODELS, "model_id", TEXT + LISTS, True),
    (search.LOGGED_MODELS, "model_type", TEXT + LISTS, True),
    (search.LOGGED_MODELS, "status", TEXT + LISTS, True),
    (search.LOGGED_MODELS, "source_run_id", TEXT + LISTS, True),
    (search.LOGGED_MODELS, "creation_time", NUMERIC, True),
    (search.LOGGED_MODELS, "creation_timestamp", NUMERIC, True),
    (search.LOGGED_MODELS, "last_updated_timestamp", NUMERIC, True),
    (search.LOGGED_MODELS, "metrics.k", NUMERIC, True),
    (search.LOGGED_MODELS, "params.k", TEXT + LISTS + NULLS, False),
    (search.LOGGED_MODELS, "tags.k", TEXT + LISTS + NULLS, False),
]


def where(text, vocabulary=RUNS):
    return search.parse(vocabulary, text).where


def order(*items, vocabulary=RUNS):
    return [(one.field.key, one.ascending) for one in search.parse(vocabulary, "", items).order_by]


@pytest.mark.parametrize(("text", "entity", "key", "operator", "value"), ACCEPTED)
def test_a_clause_is_read(text, entity, key, operator, value):
    (found,) = where(text)
    assert (found.field.entity, found.field.key, found.operator, found.value) == (entity, key, operator, value)
    assert type(found.value) is type(value)
    assert found.field.numeric == isinstance(value, int | float)


@pytest.mark.parametrize(("text", "position", "part"), REJECTED)
def test_a_mistake_is_shown_where_it_is(text, position, part):
    with pytest.raises(FilterError) as caught:
        where(text)
    message = str(caught.value)
    assert part in message
    assert (caught.value.position, caught.value.text) == (position, text)
    problem, shown, caret = message.rsplit("\n", 2)
    assert caret.index("^") == position + 2
    assert shown == "  " + text
    assert "\n" not in problem


@pytest.mark.parametrize("text", [None, "", "  ", "\n"])
def test_nothing_asks_for_everything(text):
    assert where(text) == ()


def test_clauses_keep_their_order_and_join_in_any_case():
    found = where("metrics.a > 1 AND params.b='x'aNd tags.c IS NULL\nand status != 'FAILED'")
    assert [one.field.key for one in found] == ["a", "b", "c", "status"]


@pytest.mark.parametrize(
    ("vocabulary", "field", "operators", "orders"), TABLES, ids=[f"{one[0].noun}: {one[1]}" for one in TABLES]
)
def test_operators_and_orders_are_those_of_the_table(vocabulary, field, operators, orders):
    allowed = {
        one for part in operators.split("|") for one in ([part] if "I" in part and part[0] in "IN" else part.split())
    }
    for operator in Operator:
        values = ["('x')"] if "IN" in operator.split() else [""] if "NULL" in operator else ["'x'", "5"]
        accepted = []
        for value in values:
            try:
                search.parse(vocabulary, f"{field} {operator} {value}")
                accepted.append(value)
            except FilterError:
                continue
        assert len(accepted) == (operator.value in allowed), f"{field} {operator}: {accepted}"
    if orders:
        assert search.parse(vocabulary, "", [f"{field} DESC"]).order_by[0].ascending is False
    else:
        with pytest.raises(FilterError, match="cannot order"):
            search.parse(vocabulary, "", [field])


def test_every_attribute_of_every_vocabulary_is_in_the_table():
    written = {
        (vocabulary.noun, search.parse(vocabulary, "", [field]).order_by[0].field.key)
        for vocabulary, field, _, orders in TABLES
        if orders
    }
    declared = {
        (one.noun, attribute.name) for one in search.VOCABULARIES for attribute in one.attributes if attribute.orderable
    }
    assert declared <= written


@pytest.mark.parametrize(
    ("vocabulary", "expected"),
    [
        (search.RUNS, [("start_time", False), ("run_id", True)]),
        (search.EXPERIMENTS, [("creation_time", False), ("experiment_id", True)]),
        (search.REGISTERED_MODELS, [("name", True)]),
        (search.MODEL_VERSIONS, [("last_updated_timestamp", False), ("name", True), ("version_number", False)]),
        (search.LOGGED_MODELS, [("creation_timestamp", False), ("model_id", True)]),
    ],
    ids=lambda one: getattr(one, "noun", ""),
)
def test_the_default_order_is_that_of_the_table(vocabulary, expected):
    assert order(vocabulary=vocabulary) == expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (["metrics.m"], [("m", True), ("start_time", False), ("run_id", True)]),
        (
            ["metrics.`a b` desc", "params.p ASC"],
            [("a b", False), ("p", True), ("start_time", False), ("run_id", True)],
        ),
        (["start_time"], [("start_time", True), ("run_id", True)]),
        (["Created ASC"], [("start_time", True), ("run_id", True)]),
        (["run name DESC"], [("run_name", False), ("start_time", False), ("run_id", True)]),
        (["run_id DESC", "attributes.end_time"], [("run_id", False), ("end_time", True), ("start_time", False)]),
        ("tags.mlflow.note desc", [("mlflow.note", False), ("start_time", False), ("run_id", True)]),
    ],
)
def test_tie_breaks_follow_the_order_and_are_not_said_twice(items, expected):
    assert [(one.field.key, one.ascending) for one in search.parse(RUNS, "", items).order_by] == expected


@pytest.mark.parametrize(
    "items", [["metrics.m", "metrics.m DESC"], ["start_time", "created DESC"], ["tags.a", "status", "tag.`a`"]]
)
def test_ordering_twice_by_one_field_is_refused(items):
    with pytest.raises(InvalidValue, match="twice"):
        order(*items)


@pytest.mark.parametrize(
    ("item", "position", "part"),
    [
        ("metrics.a, metrics.b", 9, "one field"),
        ("metrics.a UP", 10, "one field"),
        ("metrics.a ASC DESC", 14, "one field"),
        ("metrics.a asc nulls last", 14, "one field"),
        ("dataset.name", 0, "cannot order runs"),
        ("", 0, "A field such as"),
        ("DESC", 0, "A field such as"),
        ("duration", 0, "Invalid attribute key 'duration'"),
    ],
)
def test_a_mistake_in_an_order_is_shown_where_it_is(item, position, part):
    with pytest.raises(FilterError, match=part) as caught:
        order(item)
    assert caught.value.position == position


def test_an_order_of_logged_models_may_name_a_dataset():
    found = search.parse_order(
        search.LOGGED_MODELS, "metrics.rmse", ascending=False, dataset_name="iris", dataset_digest="d"
    )
    assert (found.ascending, found.dataset_name, found.dataset_digest) == (False, "iris", "d")
    other = search.parse_order(search.LOGGED_MODELS, "metrics.rmse DESC", dataset_name="wine")
    query = search.parse(search.LOGGED_MODELS, "", [found, other, "metrics.rmse"])
    assert [one.dataset_name for one in query.order_by] == ["iris", "wine", None, None, None]
    with pytest.raises(InvalidValue, match="twice"):
        search.parse(search.LOGGED_MODELS, "", [found, found])
    with pytest.raises(InvalidValue, match="name"):
        search.parse_order(search.LOGGED_MODELS, "metrics.rmse", dataset_digest="d")
    for vocabulary, field in ((search.LOGGED_MODELS, "name"), (RUNS, "metrics.rmse")):
        with pytest.raises(InvalidValue, match="ordered by dataset"):
            search.parse_order(vocabulary, field, dataset_name="iris")
    with pytest.raises(FilterError):
        search.parse_order(search.LOGGED_MODELS, "metrics.rmse DESC", ascending=True)


@pytest.mark.parametrize(
    ("vocabulary", "default", "greatest"),
    [
        (search.RUNS, 1000, 50_000),
        (search.EXPERIMENTS, 1000, 50_000),
        (search.REGISTERED_MODELS, 100, 1000),
        (search.MODEL_VERSIONS, 10_000, 200_000),
        (search.LOGGED_MODELS, 50, 100),
    ],
    ids=lambda one: getattr(one, "noun", ""),
)
def test_the_size_of_a_page_is_bounded(vocabulary, default, greatest):
    assert search.parse(vocabulary).max_results == default
    for size in (1, greatest):
        assert search.parse(vocabulary, max_results=size).max_results == size
    for size in (0, -1, greatest + 1, True, 1.0, "5"):
        with pytest.raises(InvalidValue, match=f"of at most {greatest}"):
            search.parse(vocabulary, max_results=size)


def test_a_query_carries_view_and_token():
    query = search.parse(RUNS, view=ViewType.ALL, page_token="abc")
    assert (query.view, query.page_token) == (ViewType.ALL, "abc")
    assert search.parse(RUNS, page_token="").page_token is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (Operator.IS_NULL, None)),
        (f"tags.`{PROMPT_TAG}` = 'true'", (Operator.EQUAL, "true")),
        (f"tags.`{PROMPT_TAG}` = 'True'", (Operator.EQUAL, "true")),
        (f"tag.`{PROMPT_TAG}` != 'false'", (Operator.EQUAL, "true")),
        (f"tags.`{PROMPT_TAG}` != 'true'", (Operator.IS_NULL, None)),
        (f"tags.`{PROMPT_TAG}` = 'false'", (Operator.IS_NULL, None)),
        (f"tags.`{PROMPT_TAG}` LIKE '%'", (Operator.IS_NULL, None)),
    ],
)
def test_prompts_are_left_out_unless_asked_for(text, expected):
    joint = " AND " if text else ""
    found = where(f"name = 'a'{joint}{text}", MODELS)
    assert [(one.operator, one.value) for one in found] == [(Operator.EQUAL, "a"), expected]
    assert found[1].field == Field(Entity.TAG, PROMPT_TAG)
    assert where("name = 'a'", search.MODEL_VERSIONS) == (found[0],), "versions are not hidden"


def test_a_filter_has_bounds():
    longest = " AND ".join(["tags.a IS NULL"] * MAX_CLAUSES)
    assert len(where(longest)) == MAX_CLAUSES
    with pytest.raises(FilterError, match=f"at most {MAX_CLAUSES} clauses"):
        where(longest + " AND tags.a IS NULL")
    listed = ",".join(["'a'"] * MAX_LIST)
    assert len(where(f"run_id IN ({listed})")[0].value) == MAX_LIST
    with pytest.raises(FilterError, match=f"at most {MAX_LIST} items"):
        where(f"run_id IN ({listed},'a')")
    text = "params.a = '" + "x" * (MAX_LENGTH - 13) + "'"
    assert len(text) == MAX_LENGTH
    assert len(where(text)[0].value) == MAX_LENGTH - 13
    with pytest.raises(FilterError, match=f"at most {MAX_LENGTH}") as caught:
        where(text + " ")
    assert len(str(caught.value)) < 1000, "the message shows a part of a long filter"
    with pytest.raises(InvalidValue, match=f"at most {MAX_ORDER}"):
        order(*[f"metrics.m{number}" for number in range(MAX_ORDER + 1)])


@pytest.mark.parametrize(
    "text",
    [
        "'" * 99_999,
        "`" * 99_999,
        "(" * 100_000,
        "a" * 100_000,
        "metrics." + "a." * 49_000,
        "metrics.a > '" + "9" * 90_000,
        "metrics.a > 1" + "e1" * 40_000,
        "metrics.a > 1 AND " * 5_000,
        "=" * 100_000,
        "a" * 50_000 + " " * 50_000,
        "run_id IN (" + "'a'," * 20_000,
    ],
    ids=lambda text: text[:20],
)
def test_long_nonsense_ends_in_a_short_error(text):
    with pytest.raises(FilterError) as caught:
        where(text)
    assert len(str(caught.value)) < 1000


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=10).map(" ".join))
def test_any_text_is_read_or_refused_with_a_place(text):
    for vocabulary in search.VOCABULARIES:
        for arguments in ((text,), ("", [text])):
            refused = None
            try:
                search.parse(vocabulary, *arguments)
            except FilterError as error:
                refused = error
            assert refused is None or 0 <= refused.position <= len(text)
            assert refused is None or str(refused).count("\n") == 2


@settings(max_examples=100, deadline=None)
@given(data=st.data(), vocabulary=st.sampled_from(search.VOCABULARIES))
def test_what_is_written_from_a_query_reads_as_that_query(data, vocabulary):
    text, items, view, size = data.draw(strategies.queries(vocabulary, []))
    query = search.parse(vocabulary, text, items, view=view, max_results=size)
    asked = [one for one in query.where if one.field.key != PROMPT_TAG]
    written = " AND ".join(_written(one) for one in asked)
    items = [f"{_spelled(one.field)} {'ASC' if one.ascending else 'DESC'}" for one in query.order_by]
    assert search.parse(vocabulary, written, items, view=view, max_results=size) == query


def _spelled(field: Field) -> str:
    key = "`" + field.key.replace("`", "``") + "`"
    return f"{field.entity.value}.{key}"


def _written(one: Comparison) -> str:
    def quoted(text):
        return "'" + text.replace("'", "''") + "'"

    value = one.value
    if value is None:
        return f"{_spelled(one.field)} {one.operator}"
    if isinstance(value, tuple):
        return f"{_spelled(one.field)} {one.operator} ({', '.join(quoted(text) for text in value)})"
    return f"{_spelled(one.field)} {one.operator} {quoted(value) if isinstance(value, str) else repr(value)}"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (None, None),
        ([], Columns()),
        (["metrics.loss", "metric.`train/loss`", "metrics.loss"], Columns(metrics={"loss", "train/loss"})),
        (['params."learning rate"', "parameters.b", "tags.t"], Columns(params={"learning rate", "b"}, tags={"t"})),
        (["run_id", "attributes.status", "Created", "tag.a.b"], Columns(tags={"a.b"})),
    ],
)
def test_columns_are_fields_of_runs(columns, expected):
    found = search.parse(search.RUNS, columns=columns).columns
    assert found == expected
    assert hash(found) is not None


@pytest.mark.parametrize(
    "column", ["", "metrics", "metrics.", "metrics.a b", "metrics.a DESC", "datasets.name", "nonsense", "metrics.a, b"]
)
def test_what_is_no_column_is_refused(column):
    with pytest.raises(FilterError):
        search.parse(search.RUNS, columns=[column])


def test_only_runs_come_in_columns():
    with pytest.raises(InvalidValue, match="takes no columns"):
        search.parse(search.EXPERIMENTS, columns=["tags.t"])
