"""Reads filters and orders: one recursive-descent parser for every kind of entity, checked against its vocabulary.

    filter := clause ( AND clause )*
    clause := field operator value | field [NOT] IN ( 'a' , "b" ) | field IS [NOT] NULL
    field  := [entity "."] key          a key may be quoted: `key` or "key"; no entity means an attribute
    order  := field [ASC | DESC]

Keywords may be written in any case. Reading takes time linear in the length of the text.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from attrs import evolve

from hookline.entities import ViewType
from hookline.errors import FilterError, InvalidValue
from hookline.search.syntax import Columns, Comparison, Entity, Field, Operator, OrderBy, Query, Value
from hookline.search.tokens import Kind, Token, tokenize
from hookline.search.vocabulary import PROMPT_TAG, Attribute, Keyed, Vocabulary

MAX_LENGTH = 100_000
"""The greatest number of characters of a filter or of an item of an order."""
MAX_CLAUSES = 1000
MAX_LIST = 10_000
MAX_ORDER = 100
_KEYWORDS = frozenset({"AND", "OR", "NOT", "IN", "IS", "LIKE", "ILIKE", "ASC", "DESC"})
_ONLY_AND = "Invalid clause(s) in filter string: clauses are joined by AND only, without OR, NOT and parentheses."


def parse(
    vocabulary: Vocabulary,
    filter_text: str | None = None,
    order_by: Sequence[str | OrderBy] = (),
    *,
    view: ViewType = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    page_token: str | None = None,
    columns: Sequence[str] | None = None,
) -> Query:
    """Return what a filter and an order ask for.

    Args:
        vocabulary: what is searched, such as `hookline.search.RUNS`.
        filter_text: such as `"metrics.rmse < 1 AND params.alpha = '0.1'"`; empty means everything.
        order_by: items such as `"metrics.rmse DESC"`, or what `parse_order` returned. The vocabulary's tie-breaks are
            added, so that the order is total.
        max_results: the size of a page; None means the vocabulary's default.
        page_token: `next_page_token` of the previous page; None or empty means the first page.
        columns: of runs, the data to return, such as `["metrics.rmse", "params.alpha"]`; None means all. Attributes
            are always returned and may be named too.

    Raises:
        FilterError: the filter, a column or the order cannot be read, or asks for what the vocabulary does not have.
        InvalidValue: `max_results` is out of bounds, or a field is ordered by twice.
    """
    if filter_text is not None and not isinstance(filter_text, str):
        raise InvalidValue(f"A filter is a text, not {filter_text!r}.")
    if not isinstance(order_by, Iterable):
        raise InvalidValue(f"order_by is a list of texts, such as ['metrics.rmse ASC'], not {order_by!r}.")
    items = (order_by,) if isinstance(order_by, str) else tuple(order_by)
    return Query(
        where=_shown(vocabulary, _Parser(vocabulary, filter_text or "").where()),
        order_by=_total(vocabulary, items),
        view=view,
        max_results=_page_size(vocabulary, max_results),
        page_token=page_token or None,
        columns=None if columns is None else _columns(vocabulary, columns),
    )


def parse_order(
    vocabulary: Vocabulary,
    text: str,
    *,
    ascending: bool | None = None,
    dataset_name: str | None = None,
    dataset_digest: str | None = None,
) -> OrderBy:
    """Return one item of an order.

    Args:
        text: such as `"metrics.rmse DESC"`.
        ascending: where given it decides, and `text` is the field alone.
        dataset_name, dataset_digest: for metrics of logged models, the dataset that they were measured on.

    Raises:
        FilterError: the text cannot be read, or the field does not order.
        InvalidValue: a dataset for a field that has none, or a digest without a name.
    """
    order = _Parser(vocabulary, text).order(with_direction=ascending is None)
    if ascending is not None:
        order = evolve(order, ascending=ascending)
    if dataset_name is None and dataset_digest is None:
        return order
    rule = vocabulary.rule(order.field)
    if not (isinstance(rule, Keyed) and rule.by_dataset):
        raise InvalidValue(
            f"Only metrics of logged models are ordered by dataset, not {text[:60]!r} of {vocabulary.noun}."
        )
    if dataset_name is None:
        raise InvalidValue("An order by a dataset's digest needs the dataset's name too.")
    return evolve(order, dataset_name=dataset_name, dataset_digest=dataset_digest)


def _columns(vocabulary: Vocabulary, names: Sequence[str]) -> Columns:
    if not vocabulary.has_columns:
        raise InvalidValue(f"A search for {vocabulary.noun} returns them whole; it takes no columns.")
    fields = [_Parser(vocabulary, name).column() for name in names]

    def keys(entity: Entity) -> frozenset[str]:
        return frozenset(field.key for field in fields if field.entity is entity)

    return Columns(keys(Entity.METRIC), keys(Entity.PARAM), keys(Entity.TAG))


def _shown(vocabulary: Vocabulary, where: tuple[Comparison, ...]) -> tuple[Comparison, ...]:
    """Leave prompts out unless the filter asks for them: tag = 'true', or != 'false'.

    Clients add `!= 'true'` to every search of theirs and mean "no prompts", although `!=` matches nothing that lacks
    the tag; so everything that does not ask for prompts becomes "the tag is not there".
    """
    if not vocabulary.hides_prompts:
        return where
    tag = Field(Entity.TAG, PROMPT_TAG)
    asked = [comparison for comparison in where if comparison.field == tag]
    others = tuple(comparison for comparison in where if comparison.field != tag)
    wanted = {(Operator.EQUAL, "true"), (Operator.NOT_EQUAL, "false")}
    if asked and all((one.operator, str(one.value).lower()) in wanted for one in asked):
        return (*others, Comparison(tag, Operator.EQUAL, "true"))
    return (*others, Comparison(tag, Operator.IS_NULL))


def _total(vocabulary: Vocabulary, items: Sequence[str | OrderBy]) -> tuple[OrderBy, ...]:
    if len(items) > MAX_ORDER:
        raise InvalidValue(f"The order has {len(items)} items; at most {MAX_ORDER} are allowed.")
    orders: list[OrderBy] = []
    seen: set[OrderBy] = set()
    for item in items:
        order = parse_order(vocabulary, item) if isinstance(item, str) else item
        if evolve(order, ascending=True) in seen:
            raise InvalidValue(f"The order names {order.field.entity} {order.field.key!r} twice; once is allowed.")
        seen.add(evolve(order, ascending=True))
        orders.append(order)
    orders += (order for order in vocabulary.tie_break if evolve(order, ascending=True) not in seen)
    return tuple(orders)


def _page_size(vocabulary: Vocabulary, asked: int | None) -> int:
    if asked is None:
        return vocabulary.default_results
    if isinstance(asked, bool) or not isinstance(asked, int) or not 1 <= asked <= vocabulary.max_results:
        raise InvalidValue(
            f"Invalid value {asked!r} for parameter 'max_results' supplied. "
            f"For {vocabulary.noun} it must be a positive integer of at most {vocabulary.max_results}."
        )
    return asked


class _Parser:
    """Walks over the tokens of one text."""

    def __init__(self, vocabulary: Vocabulary, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise FilterError(
                f"The text has {len(text)} characters; at most {MAX_LENGTH} are allowed.", text, MAX_LENGTH
            )
        self.vocabulary, self.text = vocabulary, text
        self._tokens = tokenize(text)
        self._next = 0

    def where(self) -> tuple[Comparison, ...]:
        if self._peek().kind is Kind.END:
            return ()
        clauses = [self._clause()]
        while (joint := self._take()).kind is not Kind.END:
            if joint.keyword == "OR" or joint.kind is Kind.MARK:
                raise self._error(_ONLY_AND, joint)
            if joint.keyword != "AND":
                raise self._error("Invalid clause(s) in filter string: AND or the end is expected here.", joint)
            if len(clauses) == MAX_CLAUSES:
                raise self._error(f"A filter has at most {MAX_CLAUSES} clauses.", joint)
            clauses.append(self._clause())
        return tuple(clauses)

    def order(self, *, with_direction: bool) -> OrderBy:
        start = self._peek()
        field, rule = self._field()
        if not rule.orderable:
            raise self._error(f"{_spelled(self.vocabulary, field)} cannot order {self.vocabulary.noun}.", start)
        ascending = True
        if with_direction and self._peek().keyword in ("ASC", "DESC"):
            ascending = self._take().keyword == "ASC"
        if (rest := self._peek()).kind is not Kind.END:
            raise self._error("An item of an order is one field and then ASC, DESC or nothing.", rest)
        return OrderBy(field, ascending)

    def column(self) -> Field:
        start = self._peek()
        field, _rule = self._field()
        if field.entity is Entity.DATASET:
            raise self._error("A column is an attribute, a metric, a param or a tag.", start)
        if (rest := self._peek()).kind is not Kind.END:
            raise self._error("A column is one field, such as metrics.rmse or params.`learning rate`.", rest)
        return field

    def _clause(self) -> Comparison:
        first = self._peek()
        if first.is_mark("(") or first.keyword in ("NOT", "OR"):
            raise self._error(_ONLY_AND, first)
        field, rule = self._field()
        sign = self._peek()
        operator = self._operator()
        if operator not in rule.operators:
            spelled = _spelled(self.vocabulary, field)
            allowed = f"allowed are {', '.join(rule.operators)}" if rule.operators else "it only orders"
            raise self._error(f"{operator} is not allowed with {spelled} of {self.vocabulary.noun}: {allowed}.", sign)
        return Comparison(field, operator, self._value(field, operator))

    def _field(self) -> tuple[Field, Attribute | Keyed]:
        token = self._take()
        if token.kind is Kind.QUOTED and token.quote != "'":
            return self._attribute(token.text, token)
        if token.kind is not Kind.WORD or token.keyword in _KEYWORDS:
            raise self._error("A field such as metrics.rmse or params.`learning rate` is expected here.", token)
        entity, dot, key = token.text.partition(".")
        if not dot:
            follower = self._peek()
            if follower.kind is Kind.WORD and self.vocabulary.attribute(f"{token.text} {follower.text}"):
                return self._attribute(f"{token.text} {self._take().text}", token)
            return self._attribute(token.text, token)
        if not key:
            quoted = self._take()
            if quoted.kind is not Kind.QUOTED or quoted.quote == "'" or quoted.start != token.end:
                raise self._error('After the dot a key is expected: key, `key` or "key".', quoted)
            key = quoted.text
        if entity in self.vocabulary.attribute_names:
            return self._attribute(key, token)
        return self._keyed(entity, key, token)

    def _attribute(self, name: str, token: Token) -> tuple[Field, Attribute]:
        found = self.vocabulary.attribute(name)
        if found is None:
            known = [attribute.name for attribute in self.vocabulary.attributes]
            problem = f"Invalid attribute key {_short(name)} of {self.vocabulary.noun}"
            keyed = [each for each in self.vocabulary.entity_names() if each in ("metrics", "params")]
            other = f" For another value write {' or '.join(f'{each}.{name}' for each in keyed)}." if keyed else ""
            hint = other if len(name) <= 60 and name.isidentifier() else ""
            raise self._error(f"{problem}. {_suggestion(name, known)}{hint}", token)
        return Field(Entity.ATTRIBUTE, found.name, found.numeric), found

    def _keyed(self, name: str, key: str, token: Token) -> tuple[Field, Keyed]:
        found = self.vocabulary.entity(name)
        if found is None:
            problem = f"Invalid entity type {_short(name)} for {self.vocabulary.noun}"
            raise self._error(f"{problem}. {_suggestion(name, self.vocabulary.entity_names())}", token)
        if found.keys and key not in found.keys:
            raise self._error(f"Invalid {name} key {_short(key)}. {_suggestion(key, found.keys)}", token)
        return Field(found.entity, key, found.numeric), found

    def _operator(self) -> Operator:
        token = self._take()
        if token.kind is Kind.COMPARISON:
            return Operator(token.text)
        words = [token.keyword]
        if words == ["IS"] and self._peek().keyword == "NOT":
            words.append(self._take().keyword)
        if words[0] in ("IS", "NOT"):
            words.append(self._take().keyword)
        try:
            return Operator(" ".join(words))
        except ValueError:
            raise self._error(f"An operator is expected here, one of {', '.join(Operator)}.", token) from None

    def _value(self, field: Field, operator: Operator) -> Value:
        if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
            return None
        if operator in (Operator.IN, Operator.NOT_IN):
            return self._list()
        token = self._take()
        if not field.numeric:
            return self._string(token, field)
        if token.kind is not Kind.NUMBER:
            spelled = _spelled(self.vocabulary, field)
            raise self._error(f"Expected a number without quotes, such as 0.5, to compare {spelled} with.", token)
        return float(token.text) if field.entity is Entity.METRIC else _whole_or_float(token.text)

    def _string(self, token: Token, field: Field | None = None) -> str:
        if token.kind is Kind.QUOTED and token.quote != "`":
            return token.text
        place = f"to compare {_spelled(self.vocabulary, field)} with" if field else "in a list"
        raise self._error(f"Expected a quoted string value (e.g. 'my-value') {place}.", token)

    def _list(self) -> tuple[str, ...]:
        opening = self._take()
        if not opening.is_mark("("):
            raise self._error("A list of quoted strings is expected here: ('a', 'b').", opening)
        items: list[str] = []
        while True:
            token = self._take()
            if len(items) == MAX_LIST:
                raise self._error(f"A list has at most {MAX_LIST} items.", token)
            items.append(self._string(token))
            joint = self._take()
            if joint.is_mark(")"):
                return tuple(items)
            if not joint.is_mark(","):
                raise self._error("A comma or the closing parenthesis of the list is expected here.", joint)

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        if token.kind is not Kind.END:
            self._next += 1
        return token

    def _error(self, problem: str, token: Token) -> FilterError:
        return FilterError(problem, self.text, token.start)


def _whole_or_float(text: str) -> float | int:
    """Return an integer where the text is one that fits into 64 bits, since times are compared exactly."""
    digits = text.lstrip("+-")
    if digits.isdigit() and len(digits) <= 19 and abs(int(text)) < 2**63:
        return int(text)
    return float(text)


def _spelled(vocabulary: Vocabulary, field: Field) -> str:
    rule = vocabulary.rule(field)
    return field.key if isinstance(rule, Attribute) else f"{rule.names[0]}.{_short(field.key, quote='')}"


def _short(name: str, quote: str = "'") -> str:
    shown = "".join(char if char.isprintable() else " " for char in name[:60])
    return f"{quote}{shown if len(name) <= 60 else shown[:57] + '...'}{quote}"


def _suggestion(name: str, known: Sequence[str]) -> str:
    # Likeness is quadratic in the length of a name, and no name is long.
    close = get_close_matches(name.lower(), known, 1) if len(name) <= 60 else []
    meant = f"Did you mean {close[0]!r}? " if close else ""
    return f"{meant}Allowed are {', '.join(known)}."
