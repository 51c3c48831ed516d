"""Hypothesis strategies: runs to store, and filters and orders to ask for them.

Values come from small pools on purpose: filters must hit, keys must meet, times must tie.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen
from hypothesis import Phase, settings
from hypothesis import strategies as st

from hookline.entities import Batch, Dataset, DatasetInput, Metric, ModelStatus, RunStatus, ViewType
from hookline.search.syntax import Entity, Field, Operator
from hookline.search.vocabulary import Attribute, Keyed, Vocabulary

KEYS = ("a", "A", "loss", "train/loss", "learning rate", "x.y", "größe")
"""Keys of metrics, params and tags: two that differ by case, and one of everything that needs quotes."""
SEARCHED = ("a", "A", "learning rate", "größe")
"""The keys of what is searched: few, so that filters hit."""
TEXTS = ("", "a", "A", "ab", "aXb", "a_b", "100%", "it's", 'a "b"', "é", "É", "日本", "0.1", "0.10", "back\\slash", "`")
PATTERNS = (*TEXTS, "%", "_", "%a%", "a%", "%B", "a_b", "_", "%é%", "%%_%")
NUMBERS = (0.0, 1.0, -1.5, 0.1, 1e-9, 1e300, float("inf"), float("-inf"), float("nan"))
bounded = settings(max_examples=40, deadline=None, database=None, phases=(Phase.explicit, Phase.generate))
"""For laws that store things in every example: few examples, small from the start, and not made smaller for minutes."""

Rule = Attribute | Keyed
_DIRECTIONS = ("", " ASC", " DESC", " desc")
TIMES = (0, 1, 1000, 1001, 1_700_000_000_000)

metric_values = st.one_of(st.sampled_from(NUMBERS), st.floats())
"""Every float, NaN and infinities often."""
int64 = st.integers(-(2**63), 2**63 - 1)
texts = st.one_of(st.sampled_from(TEXTS), st.text(st.sampled_from("aAbBéÉ日%_ '\"`\\0.-"), max_size=6))
any_texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
times = st.sampled_from(TIMES)


def metrics(keys: Sequence[str] = KEYS) -> st.SearchStrategy[Metric]:
    """Points with any value, step and time."""
    steps = st.one_of(st.integers(-2, 3), int64)
    stamps = st.one_of(times, st.integers(0, 2**63 - 1))
    return st.builds(Metric, key=st.sampled_from(keys), value=metric_values, step=steps, timestamp=stamps)


def mappings(values: st.SearchStrategy[str] = texts, keys: Sequence[str] = KEYS) -> st.SearchStrategy[dict[str, str]]:
    """Params and tags."""
    return st.dictionaries(st.sampled_from(keys), values, max_size=3)


def batches() -> st.SearchStrategy[Batch]:
    """What a program may log at once."""
    return st.builds(
        Batch, metrics=st.lists(metrics(), max_size=8), params=mappings(any_texts), tags=mappings(any_texts)
    )


@frozen
class RunSpec:
    """A run for a test to store. `prefix` begins its id, so that the order of ids is not that of their creation."""

    prefix: str
    run_name: str
    user_id: str
    start_time: int
    status: RunStatus
    end_time: int | None
    deleted: bool
    batch: Batch
    datasets: tuple[DatasetInput, ...]


def datasets() -> st.SearchStrategy[DatasetInput]:
    """Datasets that runs read, with and without a context."""
    described = st.builds(Dataset, name=st.sampled_from(("iris", "Iris", "wine")), digest=st.sampled_from(("d1", "d2")))
    contexts = st.sampled_from(({}, {"mlflow.data.context": "training"}, {"mlflow.data.context": "validation"}))
    return st.builds(DatasetInput, dataset=described, tags=contexts)


def run_specs() -> st.SearchStrategy[RunSpec]:
    """Runs whose names, times, metrics, params, tags and datasets often coincide."""
    return st.builds(
        RunSpec,
        prefix=st.sampled_from("abc"),
        run_name=st.sampled_from(("first", "First", "second", "it's")),
        user_id=st.sampled_from(("", "ann", "Bob")),
        start_time=times,
        status=st.sampled_from(RunStatus),
        end_time=st.one_of(st.none(), times),
        deleted=st.sampled_from((False, False, True)),
        batch=st.builds(
            Batch,
            metrics=st.lists(metrics(SEARCHED), max_size=5),
            params=mappings(texts, SEARCHED),
            tags=mappings(texts, SEARCHED),
        ),
        datasets=st.lists(datasets(), max_size=2).map(tuple),
    )


@st.composite
def queries(draw: st.DrawFn, vocabulary: Vocabulary, items: Sequence[Any]) -> tuple[str, list[str], ViewType, int]:
    """Arguments for `search.parse` that suit the items: a filter, an order, a view and the size of a page.

    Filters compare with values that items have, and with others.
    """
    fields: list[tuple[Field, Rule]] = [
        *((Field(Entity.ATTRIBUTE, one.name, one.numeric), one) for one in vocabulary.attributes),
        *((Field(one.entity, key, one.numeric), one) for one in vocabulary.keyed for key in one.keys or SEARCHED),
    ]
    asked = [one for one in fields if one[1].operators]
    ordering = [one for one in fields if one[1].orderable]
    clauses = []
    for _ in range(draw(st.sampled_from((0, 1, 1, 2, 3)))):
        field, rule = draw(st.sampled_from(asked))
        # Not a set: how much there is to choose from must not depend on what a clock or a random id made equal.
        present = [value for item in items for value in vocabulary.values(item, field)]
        operator = draw(st.sampled_from(rule.operators))
        spelled = operator.lower() if draw(st.booleans()) else operator
        clauses.append(f"{_spelling(draw, rule, field)} {spelled} {_value(draw, field, operator, present)}")
    chosen = draw(st.lists(st.sampled_from(ordering), max_size=3, unique=True))
    order = [f"{_spelling(draw, rule, field)}{draw(st.sampled_from(_DIRECTIONS))}" for field, rule in chosen]
    joint = draw(st.sampled_from((" AND ", " and ", "\nAnd  ")))
    return (
        joint.join(clauses),
        order,
        draw(st.sampled_from((*ViewType, ViewType.ALL, ViewType.ALL))),
        draw(st.integers(1, 4)),
    )


def _spelling(draw: st.DrawFn, rule: Rule, field: Field) -> str:
    quote = draw(st.sampled_from('`"'))
    if isinstance(rule, Attribute):
        name = draw(st.sampled_from((rule.name, *rule.aliases)))
        return name if " " not in name and draw(st.booleans()) else f"{quote}{name}{quote}"
    entity = draw(st.sampled_from(rule.names))
    plain = " " not in field.key and draw(st.booleans())
    return f"{entity}.{field.key}" if plain else f"{entity}.{quote}{field.key}{quote}"


def _value(draw: st.DrawFn, field: Field, operator: Operator, present: Iterable[Any]) -> str:
    if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return ""
    if field.numeric:
        finite = [one for one in (*NUMBERS, *TIMES, *present) if abs(one) < float("inf")]
        return repr(draw(st.sampled_from(finite)))
    pool = PATTERNS if operator in (Operator.LIKE, Operator.ILIKE) else TEXTS
    one_text = st.sampled_from([*pool, *(str(one) for one in present)])
    if operator in (Operator.IN, Operator.NOT_IN):
        listed = draw(st.lists(one_text, min_size=1, max_size=3))
        return f"({', '.join(_quoted(draw, text) for text in listed)})"
    return _quoted(draw, draw(one_text))


def _quoted(draw: st.DrawFn, text: str) -> str:
    quote = draw(st.sampled_from("'\""))
    return quote + text.replace(quote, quote * 2) + quote


@frozen
class ModelSpec:
    """A logged model for a test to store; `prefix` as for runs."""

    prefix: str
    name: str
    model_type: str | None
    creation_time: int
    status: ModelStatus | None
    deleted: bool
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: tuple[Metric, ...]


def model_specs() -> st.SearchStrategy[ModelSpec]:
    """Logged models whose names, times, params, tags and metrics often coincide."""
    datasets = st.sampled_from(((None, None), ("iris", "d1"), ("iris", "d2"), ("wine", "d1")))
    points = st.builds(
        lambda point, dataset: evolve(point, dataset_name=dataset[0], dataset_digest=dataset[1]),
        metrics(SEARCHED[:3]),
        datasets,
    )
    return st.builds(
        ModelSpec,
        prefix=st.sampled_from("abc"),
        name=st.sampled_from(("forest", "Forest", "it's")),
        model_type=st.sampled_from((None, "sklearn", "Torch")),
        creation_time=times,
        status=st.sampled_from((None, ModelStatus.READY, ModelStatus.UPLOAD_FAILED)),
        deleted=st.sampled_from((False, False, True)),
        params=mappings(texts, SEARCHED),
        tags=mappings(texts, SEARCHED),
        metrics=st.lists(points, max_size=5).map(tuple),
    )
