"""Orders as columns to sort by, each of which has a value for every thing.

What may be NaN or missing sorts by two columns: first by 0 for values, 1 for NaN and 2 for what is missing, always
ascending; then by the value. So NaN comes after all values and what is missing last, in both directions.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from attrs import frozen

from hookline.search.syntax import Entity, OrderBy
from hookline_tracking_sql import schema
from hookline_tracking_sql.keys import key_id
from hookline_tracking_sql.search.targets import Column, Target


@frozen
class SortColumn:
    """One column to sort by; it is never NULL."""

    expression: Column
    ascending: bool = True

    def clause(self) -> Column:
        """Return it as an item of ORDER BY."""
        return self.expression.asc() if self.ascending else self.expression.desc()

    def passes(self, value: object) -> sa.ColumnElement[bool]:
        """Return the condition that a thing comes after those with `value`."""
        return self.expression > value if self.ascending else self.expression < value

    def reaches(self, value: object) -> sa.ColumnElement[bool]:
        """Return the condition that a thing does not come before those with `value`."""
        return self.expression >= value if self.ascending else self.expression <= value


def sort_columns(target: Target, order_by: Sequence[OrderBy]) -> tuple[sa.FromClause, list[SortColumn]]:
    """Return what an order needs: the target's tables, joined with at most one row for each thing, and the columns."""
    source = target.source
    columns: list[SortColumn] = []
    for order in order_by:
        field = order.field
        if field.entity is Entity.ATTRIBUTE:
            column = target.sorted_by.get(field.key, target.attributes[field.key])
            columns += by_attribute(column, order.ascending)
        else:  # of what is searched by this way, only logged models have something else to order by: metrics
            points = schema.model_points.alias()
            source = source.outerjoin(points, points.c.id == _latest_point(order))
            columns += by_entry(points.c.id.is_not(None), points.c.value, order.ascending, number=True)
    return source, columns


def _latest_point(order: OrderBy) -> sa.ScalarSelect[int]:
    """Return the id of the latest point, by rank, of a logged model's metric, perhaps on one dataset."""
    points = schema.model_points
    wanted = (
        sa.select(points.c.id)
        .where(points.c.model_id == schema.logged_models.c.model_id, points.c.key == key_id(order.field.key))
        .order_by(
            points.c.step.desc(), points.c.timestamp.desc(), points.c.value.is_(None).desc(), points.c.value.desc()
        )
        .limit(1)
    )
    if order.dataset_name is not None:
        wanted = wanted.where(points.c.dataset_name == order.dataset_name)
    if order.dataset_digest is not None:
        wanted = wanted.where(points.c.dataset_digest == order.dataset_digest)
    return wanted.correlate(schema.logged_models).scalar_subquery()


def by_attribute(column: Column, ascending: bool) -> list[SortColumn]:
    """Return the columns that sort by an attribute."""
    if isinstance(column, sa.Column) and column.nullable:
        return by_entry(column.is_not(None), column, ascending, number=False)
    return [SortColumn(column, ascending)]


def by_entry(present: sa.ColumnElement[bool], value: Column, ascending: bool, *, number: bool) -> list[SortColumn]:
    """Return the two columns that sort by a value which may be missing, or NaN where it is a number and NULL."""
    ranks = [(sa.not_(present), 2), (value.is_(None), 1)] if number else [(sa.not_(present), 2)]
    substitute = "" if isinstance(value.type, sa.Text) else 0
    return [
        SortColumn(sa.case(*ranks, else_=0)),
        SortColumn(sa.func.coalesce(value, substitute, type_=value.type), ascending),
    ]
