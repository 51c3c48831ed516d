"""The interface of a store of small documents, namespaced per plugin: users, permissions, saved views.

Laws: thread safe; `put` with an expected version is a compare-and-set, so that two writers never overwrite each other.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from attrs import frozen


@frozen
class Document:
    """A JSON value under (namespace, key). `version` starts at 1 and grows by one with every put."""

    namespace: str
    key: str
    value: Any
    version: int


class Documents(ABC):
    """Keeps small JSON values for plugins. A tracking store that has them implements this interface too."""

    @abstractmethod
    def get_document(self, namespace: str, key: str) -> Document | None:
        """Return a document, or None."""

    @abstractmethod
    def put_document(self, namespace: str, key: str, value: Any, *, expected_version: int | None = None) -> Document:
        """Store a value; with an expected version only if that is the present one (0: only if there is none).

        Raises:
            InvalidState: the present version is another one.
        """

    @abstractmethod
    def delete_document(self, namespace: str, key: str) -> None:
        """Remove a document; a missing one is no error."""

    @abstractmethod
    def list_documents(self, namespace: str, prefix: str = "") -> Sequence[Document]:
        """Return the documents of a namespace whose keys start with a prefix, ordered by key."""
