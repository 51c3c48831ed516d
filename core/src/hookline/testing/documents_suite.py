"""The conformance suite of `Documents`."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.errors import InvalidState, InvalidValue
from hookline.interfaces import Document, Documents
from hookline.testing import strategies
from hookline.testing.other_process import count_up, in_other_process
from hookline.testing.store_suite import StoreSuite, at_once

_scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
_texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
_json = st.recursive(
    _scalars | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=10,
)


class DocumentsSuite(StoreSuite):
    """The laws of a store of documents: those of `hookline.interfaces.documents`, each as a test."""

    kind = "documents"
    version = 1

    def test_a_document_comes_back_as_it_was_put(self, store: Documents) -> None:
        """The first put makes version 1; long values are kept whole."""
        value: Any = {"name": "größe", "list": [1, 2.5, None, True, {"deep": []}], "long": "x" * 100_000}
        assert store.put_document("ui", "views/first", value) == Document("ui", "views/first", value, 1)
        assert store.get_document("ui", "views/first") == Document("ui", "views/first", value, 1)

    def test_any_json_value_round_trips(self, store: Documents) -> None:
        """Whatever JSON can say comes back equal."""

        @strategies.bounded
        @given(value=_json)
        def check(value: Any) -> None:
            store.put_document("any", "key", value)
            found = store.get_document("any", "key")
            assert found is not None
            assert found.value == value

        check()

    @pytest.mark.parametrize(
        "value", [{1, 2}, object(), b"bytes", {"deep": [object()]}], ids=["set", "object", "bytes", "deep"]
    )
    def test_what_is_no_json_value_is_refused(self, store: Documents, value: object) -> None:
        """`InvalidValue`, and nothing is stored."""
        with pytest.raises(InvalidValue):
            store.put_document("ui", "key", value)
        assert store.get_document("ui", "key") is None

    def test_what_is_not_there_is_none(self, store: Documents) -> None:
        """Keys compare by case, and belong to one namespace."""
        store.put_document("ui", "key", 1)
        assert store.get_document("ui", "Key") is None
        assert store.get_document("auth", "key") is None
        assert list(store.list_documents("auth")) == []

    def test_the_version_grows_by_one(self, store: Documents) -> None:
        """With every put, whether a version was expected or not."""
        versions = [store.put_document("ui", "key", number).version for number in range(3)]
        assert versions == [1, 2, 3]
        assert store.get_document("ui", "key") == Document("ui", "key", 2, 3)

    def test_a_put_with_an_expected_version_is_a_compare_and_set(self, store: Documents) -> None:
        """Only the present version is right; 0 stands for no document. A refused put changes nothing."""
        with pytest.raises(InvalidState):
            store.put_document("ui", "key", "none yet", expected_version=1)
        assert store.get_document("ui", "key") is None
        assert store.put_document("ui", "key", "first", expected_version=0).version == 1
        with pytest.raises(InvalidState):
            store.put_document("ui", "key", "again", expected_version=0)
        assert store.put_document("ui", "key", "second", expected_version=1).version == 2
        with pytest.raises(InvalidState):
            store.put_document("ui", "key", "late", expected_version=1)
        assert store.get_document("ui", "key") == Document("ui", "key", "second", 2)

    def test_a_deleted_document_is_gone_and_may_be_put_anew(self, store: Documents) -> None:
        """A missing one is no error; counting starts at 1 again."""
        store.put_document("ui", "key", 1)
        store.put_document("auth", "key", 2)
        for _ in range(2):
            store.delete_document("ui", "key")
            assert store.get_document("ui", "key") is None
        assert store.get_document("auth", "key") is not None
        assert store.put_document("ui", "key", 3, expected_version=0).version == 1

    def test_a_list_holds_one_namespace_and_prefix_in_order(self, store: Documents) -> None:
        """Ordered by key, by code points; no character of a prefix is special."""
        for key in ("users/b", "users/a", "Users/a", "users", "us%rs/a", "us_rs/a", "übers/a"):
            store.put_document("auth", key, key)
        store.put_document("ui", "users/c", 1)
        assert [one.key for one in store.list_documents("auth", "users/")] == ["users/a", "users/b"]
        assert [one.key for one in store.list_documents("auth", "us_")] == ["us_rs/a"]
        assert [one.key for one in store.list_documents("auth", "us%")] == ["us%rs/a"]
        keys = ["Users/a", "us%rs/a", "us_rs/a", "users", "users/a", "users/b", "übers/a"]
        assert [one.key for one in store.list_documents("auth")] == keys, "by code points"
        assert [one.value for one in store.list_documents("auth")] == keys

    def test_what_the_caller_does_to_a_value_changes_nothing_stored(self, store: Documents) -> None:
        """A store keeps values, not references to them."""
        value = {"list": [1]}
        returned = store.put_document("ui", "key", value)
        value["list"].append(2)
        returned.value["list"].append(3)
        found = store.get_document("ui", "key")
        assert found is not None
        assert found.value == {"list": [1]}

    def test_threads_that_count_by_compare_and_set_lose_nothing(self, store: Documents) -> None:
        """Two writers never overwrite each other."""
        at_once(*[partial(count_up, store, "ui", "count", 10)] * 5)
        assert store.get_document("ui", "count") == Document("ui", "count", 50, 50)

    def test_processes_that_count_by_compare_and_set_lose_nothing(self, store: Documents, uri: str) -> None:
        """The same between processes."""
        self.require_persistent()
        there = partial(in_other_process, self.target, uri, "count_up", "ui", "count", 25)
        at_once(there, there, partial(count_up, store, "ui", "count", 25))
        assert store.get_document("ui", "count") == Document("ui", "count", 75, 75)

    def test_documents_are_there_when_the_store_is_opened_again(
        self, store: Documents, reopen: Callable[[], Documents]
    ) -> None:
        """What a method returned from is stored."""
        self.require_persistent()
        put = store.put_document("ui", "key", {"a": 1})
        assert reopen().get_document("ui", "key") == put
