"""A join whose order is ours: the planner of SQLite takes the left side first where it reads CROSS JOIN."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


class OrderedJoin(sa.sql.selectable.Join):
    """An inner join that is carried out from left to right."""

    inherit_cache = True


@compiles(OrderedJoin, "sqlite")
def _compile(join: OrderedJoin, compiler: sa.sql.compiler.SQLCompiler, **options: Any) -> str:
    left, right = (compiler.process(side, **{**options, "asfrom": True}) for side in (join.left, join.right))
    return f"{left} CROSS JOIN {right} ON {compiler.process(join.onclause, **options)}"
