"""Documents in a table."""

import json
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hookline.errors import InvalidValue
from hookline.interfaces import Document
from hookline.store_rules import document_conflict
from hookline_tracking_sql.base import Part
from hookline_tracking_sql.schema import documents
from hookline_tracking_sql.statements import Row


class DocumentPart(Part):
    """The documents of a store."""

    def get_document(self, namespace: str, key: str) -> Document | None:
        """See `Documents.get_document`."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(documents).where(*_named(namespace, key))).one_or_none()
        return None if row is None else _document(row)

    def put_document(self, namespace: str, key: str, value: Any, *, expected_version: int | None = None) -> Document:
        """See `Documents.put_document`."""
        try:
            text = json.dumps(value)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidValue(f"The document {namespace}/{key} is not a JSON value: {error}.") from error
        with self._database.writing() as connection:
            stored = connection.execute(sa.select(documents.c.version).where(*_named(namespace, key))).scalar()
            present = stored or 0
            if expected_version not in (None, present):
                raise document_conflict(namespace, key, expected_version or 0, present)
            statement = insert(documents).values(namespace=namespace, key=key, version=present + 1, value=text)
            unique = [documents.c.namespace, documents.c.key]
            changes = {"version": statement.excluded.version, "value": statement.excluded.value}
            connection.execute(statement.on_conflict_do_update(index_elements=unique, set_=changes))
        return Document(namespace, key, json.loads(text), present + 1)

    def delete_document(self, namespace: str, key: str) -> None:
        """See `Documents.delete_document`."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(documents).where(*_named(namespace, key)))

    def list_documents(self, namespace: str, prefix: str = "") -> Sequence[Document]:
        """See `Documents.list_documents`."""
        wanted = sa.select(documents).where(documents.c.namespace == namespace, documents.c.key >= prefix)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(documents.c.key))
            # Keys with the prefix stand together, at the start of what is not less than it.
            return [_document(row) for row in takewhile(lambda row: row.key.startswith(prefix), rows)]


def _named(namespace: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return documents.c.namespace == namespace, documents.c.key == key


def _document(row: Row) -> Document:
    return Document(row.namespace, row.key, json.loads(row.value), row.version)
