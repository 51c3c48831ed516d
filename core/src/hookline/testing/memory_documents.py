"""The in-memory reference of `Documents`."""

import json
from collections.abc import Sequence
from threading import RLock
from typing import Any

from hookline.errors import InvalidValue
from hookline.interfaces import Document, Documents
from hookline.store_rules import document_conflict


class MemoryDocuments(Documents):
    """Keeps each value as JSON text, so that nobody changes what is stored by changing what they hold."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._documents: dict[tuple[str, str], tuple[int, str]] = {}

    def get_document(self, namespace: str, key: str) -> Document | None:
        """See `Documents.get_document`."""
        with self._lock:
            stored = self._documents.get((namespace, key))
        return None if stored is None else Document(namespace, key, json.loads(stored[1]), stored[0])

    def put_document(self, namespace: str, key: str, value: Any, *, expected_version: int | None = None) -> Document:
        """See `Documents.put_document`."""
        try:
            text = json.dumps(value)
        except (TypeError, ValueError) as error:
            raise InvalidValue(f"The document {namespace}/{key} is not a JSON value: {error}.") from error
        with self._lock:
            present = self._documents.get((namespace, key), (0, ""))[0]
            if expected_version not in (None, present):
                raise document_conflict(namespace, key, expected_version or 0, present)
            self._documents[namespace, key] = (present + 1, text)
        return Document(namespace, key, json.loads(text), present + 1)

    def delete_document(self, namespace: str, key: str) -> None:
        """See `Documents.delete_document`."""
        with self._lock:
            self._documents.pop((namespace, key), None)

    def list_documents(self, namespace: str, prefix: str = "") -> Sequence[Document]:
        """See `Documents.list_documents`."""
        with self._lock:
            found = sorted((name, *stored) for name, stored in self._documents.items())
        return [
            Document(space, key, json.loads(text), version)
            for (space, key), version, text in found
            if space == namespace and key.startswith(prefix)
        ]
