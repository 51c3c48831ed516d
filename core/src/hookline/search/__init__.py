"""Search: a filter grammar, a vocabulary per kind of entity, and the syntax tree that stores translate.

`parse` turns what people write into a `Query`; `evaluate.page` answers a query over entities in memory and is the
oracle for every store that translates queries to another language.
"""

from hookline.search.evaluate import matches, ordered, page, selected_columns
from hookline.search.like import like
from hookline.search.paging import decode_token, encode_token
from hookline.search.parser import parse, parse_order
from hookline.search.syntax import Columns, Comparison, Entity, Field, Operator, OrderBy, Query
from hookline.search.vocabulary import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    VOCABULARIES,
    Attribute,
    Keyed,
    Vocabulary,
    vocabulary_of,
)
from hookline.search.writing import asked_order, written_field, written_filter, written_order

__all__ = [
    "EXPERIMENTS",
    "LOGGED_MODELS",
    "MODEL_VERSIONS",
    "REGISTERED_MODELS",
    "RUNS",
    "VOCABULARIES",
    "Attribute",
    "Columns",
    "Comparison",
    "Entity",
    "Field",
    "Keyed",
    "Operator",
    "OrderBy",
    "Query",
    "Vocabulary",
    "asked_order",
    "decode_token",
    "encode_token",
    "like",
    "matches",
    "ordered",
    "page",
    "parse",
    "parse_order",
    "selected_columns",
    "vocabulary_of",
    "written_field",
    "written_filter",
    "written_order",
]
