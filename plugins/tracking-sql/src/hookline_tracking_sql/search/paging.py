"""Pages of a search.

A page token holds the values that the last row of the page was sorted by: the next page starts behind them. So pages
neither repeat nor leave out what stood still while other things came and went, and a late page costs no more than the
first.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hookline.errors import InvalidValue
from hookline.search.paging import decode_token, encode_token
from hookline.search.syntax import Query
from hookline_tracking_sql.search.conditions import conditions
from hookline_tracking_sql.search.order import SortColumn, sort_columns
from hookline_tracking_sql.search.targets import Target
from hookline_tracking_sql.statements import Row


def fetch_page(
    connection: sa.Connection,
    target: Target,
    query: Query,
    *,
    within: Sequence[sa.ColumnElement[bool]] = (),
    scope: Sequence[str] = (),
) -> tuple[Sequence[Row], str | None]:
    """Return a page's rows, and the token of the next page where there is one.

    Args:
        within: conditions beside those of the query.
        scope: what a page token is bound to beside the query.

    Raises:
        InvalidValue: the page token is damaged, or belongs to another query.
    """
    source, sorts = sort_columns(target, query.order_by)
    named = [sort.expression.label(f"sort_{index}") for index, sort in enumerate(sorts)]
    statement = (
        sa.select(*target.columns, *named)
        .select_from(source)
        .where(*within, *conditions(target, query))
        .order_by(*(sort.clause() for sort in sorts))
        .limit(query.max_results + 1)
    )
    position = decode_token(query, scope)
    if position is not None:
        statement = statement.where(behind(sorts, checked_position(position, len(sorts))))
    rows: Sequence[Row] = connection.execute(statement).all()
    if len(rows) <= query.max_results:
        return rows, None
    rows = rows[: query.max_results]
    reached = list(rows[-1][len(target.columns) :]) if rows else []
    return rows, encode_token(query, reached, scope) if rows else None


def behind(sorts: Sequence[SortColumn], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a row comes after the row with these values in a total order."""
    alternatives = []
    for index, (sort, reached) in enumerate(zip(sorts, values, strict=True)):
        equal = [before.expression == same for before, same in zip(sorts[:index], values[:index], strict=True)]
        alternatives.append(sa.and_(*equal, sort.passes(reached)))
    # Implied by the alternatives, and said so that an index on the first column is entered at the right place.
    return sa.and_(sorts[0].reaches(values[0]), sa.or_(*alternatives))


def checked_position(position: Any, length: int) -> Sequence[Any]:
    """Return a position that came back from a client, if it can be one of ours."""
    if (
        not isinstance(position, list)
        or len(position) != length
        or any(isinstance(each, bool) or not isinstance(each, int | float | str) for each in position)
        or any(isinstance(each, int) and not -(2**63) <= each < 2**63 for each in position)
    ):
        raise InvalidValue("Invalid page token: it must be the next_page_token of the previous page.")
    return position
