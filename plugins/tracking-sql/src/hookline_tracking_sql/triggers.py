"""Triggers that count the runs of an experiment that have a key, in the words of each database system."""

from collections.abc import Sequence

import sqlalchemy as sa

_ADD = """INSERT INTO hookline_run_keys (experiment, kind, {key}, runs)
        VALUES (NEW.experiment, '%(kind)s', NEW.{key}, 1) {conflict} runs = {runs} + 1;"""
_REMOVE = """UPDATE hookline_run_keys SET runs = runs - 1
        WHERE experiment = OLD.experiment AND kind = '%(kind)s' AND {key} = OLD.{key};"""
_SQLITE = (
    "CREATE TRIGGER %(table)s_added AFTER INSERT ON %(table)s BEGIN\n        "
    + _ADD.format(key="key", conflict="ON CONFLICT DO UPDATE SET", runs="runs")
    + " END",
    "CREATE TRIGGER %(table)s_removed AFTER DELETE ON %(table)s BEGIN\n        " + _REMOVE.format(key="key") + " END",
)
_CONFLICT = "ON CONFLICT (experiment, kind, key) DO UPDATE SET"
_POSTGRESQL = tuple(
    text
    for event, verb, body in (
        ("added", "INSERT", _ADD.format(key="key", conflict=_CONFLICT, runs="hookline_run_keys.runs")),
        ("removed", "DELETE", _REMOVE.format(key="key")),
    )
    for text in (
        f"CREATE OR REPLACE FUNCTION %(table)s_{event}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} RETURN NULL; END $$",
        f"CREATE OR REPLACE TRIGGER %(table)s_{event} AFTER {verb} ON %(table)s "
        f"FOR EACH ROW EXECUTE FUNCTION %(table)s_{event}()",
    )
)
_MARIADB = (
    "CREATE OR REPLACE TRIGGER %(table)s_added AFTER INSERT ON %(table)s FOR EACH ROW "
    + _ADD.format(key="`key`", conflict="ON DUPLICATE KEY UPDATE", runs="hookline_run_keys.runs"),
    "CREATE OR REPLACE TRIGGER %(table)s_removed AFTER DELETE ON %(table)s FOR EACH ROW " + _REMOVE.format(key="`key`"),
)
_BY_SYSTEM = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL, "mysql": _MARIADB}
SYSTEMS = tuple(_BY_SYSTEM)


def counting_triggers(table: str, kind: str, system: str) -> Sequence[sa.DDL]:
    """Return the statements that make the triggers of a table in a database system."""
    return [sa.DDL(text, context={"table": table, "kind": kind}) for text in _BY_SYSTEM[system]]
