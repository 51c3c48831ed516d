"""What a search asks for, as data. Stores translate it; nothing of it is ever text of a query language."""

from collections.abc import Iterable
from enum import StrEnum

from attrs import field, frozen

from hookline.entities import ViewType


class Operator(StrEnum):
    """The comparisons of the grammar."""

    EQUAL = "="
    NOT_EQUAL = "!="
    GREATER = ">"
    GREATER_EQUAL = ">="
    LESS = "<"
    LESS_EQUAL = "<="
    LIKE = "LIKE"
    ILIKE = "ILIKE"
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


class Entity(StrEnum):
    """What a field belongs to."""

    ATTRIBUTE = "attribute"
    METRIC = "metric"
    PARAM = "param"
    TAG = "tag"
    DATASET = "dataset"


Value = float | int | str | tuple[str, ...] | None


@frozen
class Field:
    """A thing to compare or to order by: `metrics.rmse` is (METRIC, "rmse").

    Attributes:
        key: for attributes and datasets the canonical name (`start_time`, never its alias `created`).
        numeric: whether its values are numbers; text otherwise.
    """

    entity: Entity
    key: str
    numeric: bool = False


@frozen
class Comparison:
    """`field operator value`. A thing that lacks the field matches only `IS NULL`.

    NaN compares as in IEEE 754: of the comparisons only `!=` holds. Text compares by case and by code points; ILIKE
    alone ignores case, that of every letter for itself and not only of ASCII. Where a thing has several values (the
    datasets of a run, a logged model's metrics) the comparison holds if it holds for one of them.

    Attributes:
        value: a number for numeric fields, a text for others, a tuple of texts for IN, None for IS [NOT] NULL.
            In LIKE and ILIKE `%` stands for any text and `_` for one character; there is no escape.
    """

    field: Field
    operator: Operator
    value: Value = None


@frozen
class OrderBy:
    """An item of the order. NaN comes after all numbers, and what lacks the field last, in both directions.

    Texts order by code points; ids of experiments by length first, so that "9" comes before "10".

    Attributes:
        dataset_name, dataset_digest: for metrics of logged models, which dataset's metric to take; None: any.
            Of several points the latest (`Metric.rank`) counts.
    """

    field: Field
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None


def _keys(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names)


@frozen
class Columns:
    """Which data of runs a search returns; what else was logged is left out, and with it their inputs and outputs."""

    metrics: frozenset[str] = field(default=frozenset(), converter=_keys)
    params: frozenset[str] = field(default=frozenset(), converter=_keys)
    tags: frozenset[str] = field(default=frozenset(), converter=_keys)


@frozen
class Query:
    """A search: all comparisons must hold.

    Attributes:
        order_by: includes the vocabulary's tie-breaks, so that the order is total.
        max_results: the size of a page.
        page_token: from the previous page; it belongs to the same `where` and `order_by`.
        columns: of runs, the data that is returned; None: all, with inputs and outputs.
    """

    where: tuple[Comparison, ...] = ()
    order_by: tuple[OrderBy, ...] = ()
    view: ViewType = ViewType.ACTIVE_ONLY
    max_results: int = 1000
    page_token: str | None = None
    columns: Columns | None = None
