"""What may be asked about each kind of entity, declared once: names, operators, how to read a value, default order.

The parser checks a filter against a vocabulary, and `hookline.search.evaluate` reads entities through it. A store that
translates a query to another language needs only the canonical names of the fields.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from attrs import field, frozen

from hookline.entities import Experiment, LoggedModel, Metric, ModelVersion, RegisteredModel, RunRecord
from hookline.search.syntax import Entity, Field, Operator, OrderBy
from hookline.store_rules import DATASET_CONTEXT_TAG

PROMPT_TAG = "mlflow.prompt.is_prompt"
"""The tag that marks a registered model as a prompt; only the value "true" is in use."""

NUMERIC = (
    Operator.EQUAL,
    Operator.NOT_EQUAL,
    Operator.GREATER,
    Operator.GREATER_EQUAL,
    Operator.LESS,
    Operator.LESS_EQUAL,
)
TEXT = (Operator.EQUAL, Operator.NOT_EQUAL, Operator.LIKE, Operator.ILIKE)
LISTS = (Operator.IN, Operator.NOT_IN)
NULLS = (Operator.IS_NULL, Operator.IS_NOT_NULL)


@frozen
class Attribute:
    """A fixed field of an entity.

    Attributes:
        name: the canonical name, that of MLflow's REST API.
        path: where the entity has it, such as `"info.start_time"`.
        operators: what may be asked; empty for a field that only orders.
        aliases: further names that people write.
        identifier: texts of digits order as numbers do: "9" before "10". (Shorter first, then by code points.)
    """

    name: str
    path: str
    operators: tuple[Operator, ...] = ()
    numeric: bool = False
    aliases: tuple[str, ...] = ()
    orderable: bool = True
    identifier: bool = False

    def read(self, item: Any, key: str) -> Iterable[Any]:
        """Return the values that an item has here: one, or none."""
        value = attrgetter(self.path)(item)
        return () if value is None else (value,)


@frozen
class Keyed:
    """An entity with keys: metrics, params, tags, datasets.

    Attributes:
        names: what people may write before the dot; messages use the first.
        keys: the allowed keys, where they are fixed. An item may have several values under one key (it read several
            datasets): a comparison holds where it holds for one of them.
        by_dataset: whether an order may name the dataset that a metric was measured on.
    """

    entity: Entity
    names: tuple[str, ...]
    operators: tuple[Operator, ...]
    read: Callable[[Any, str], Iterable[Any]]
    numeric: bool = False
    orderable: bool = True
    keys: tuple[str, ...] = ()
    by_dataset: bool = False


@frozen
class Vocabulary:
    """Everything that a search for one kind of entity understands.

    Attributes:
        noun: the kind, in the plural, as messages name it.
        item_type: the class of what is searched.
        attribute_names: what people may write before the dot of an attribute; nothing is allowed too.
        tie_break: the order when none is asked for, and what makes every other order total.
        default_results, max_results: the size of a page when none is asked for, and the greatest allowed.
        lifecycle: where an item has its lifecycle stage; None for kinds that cannot be soft-deleted.
        has_columns: whether a search may return a part of each item: some metrics, params and tags.
        hides_prompts: whether prompts, which are registered models too, are left out unless the filter asks for them.
    """

    noun: str
    item_type: type
    attribute_names: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    keyed: tuple[Keyed, ...]
    tie_break: tuple[OrderBy, ...]
    default_results: int
    max_results: int
    lifecycle: str | None = None
    has_columns: bool = False
    hides_prompts: bool = False
    _by_alias: dict[str, Attribute] = field(init=False, repr=False, eq=False)
    _by_entity: dict[str, Keyed] = field(init=False, repr=False, eq=False)

    @_by_alias.default
    def _index_attributes(self) -> dict[str, Attribute]:
        return {name: found for found in self.attributes for name in (found.name, *found.aliases)}

    @_by_entity.default
    def _index_keyed(self) -> dict[str, Keyed]:
        return {name: found for found in self.keyed for name in (*found.names, found.entity.value)}

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute with this name or alias."""
        return self._by_alias.get(name)

    def entity(self, name: str) -> Keyed | None:
        """Return the keyed entity that people write this way."""
        return self._by_entity.get(name)

    def entity_names(self) -> tuple[str, ...]:
        """Return one spelling for every entity, for messages."""
        return (self.attribute_names[0], *(found.names[0] for found in self.keyed))

    def rule(self, field: Field) -> Attribute | Keyed:
        """Return what declares a field; raises `KeyError` for a field of another vocabulary."""
        return self._by_alias[field.key] if field.entity is Entity.ATTRIBUTE else self._by_entity[field.entity.value]

    def values(self, item: Any, field: Field) -> Iterable[Any]:
        """Return the values that an item has for a field; none where it lacks it."""
        return self.rule(field).read(item, field.key)

    def order_value(self, item: Any, order: OrderBy) -> Any:
        """Return the value that an item is ordered by, or None where it lacks one."""
        rule = self.rule(order.field)
        if isinstance(rule, Keyed) and rule.by_dataset:
            return _latest(item.metrics, order)
        value = next(iter(rule.read(item, order.field.key)), None)
        if isinstance(rule, Attribute) and rule.identifier and value is not None:
            return (len(value), value)
        return value


def _latest(points: Iterable[Metric], order: OrderBy) -> float | None:
    wanted = [
        point
        for point in points
        if point.key == order.field.key
        and order.dataset_name in (None, point.dataset_name)
        and order.dataset_digest in (None, point.dataset_digest)
    ]
    return max(wanted, key=lambda point: point.rank).value if wanted else None


def _entry(path: str) -> Callable[[Any, str], Iterable[Any]]:
    """Return a reader of one entry of the mapping at `path`."""
    mapping = attrgetter(path)

    def read(item: Any, key: str) -> Iterable[Any]:
        entries = mapping(item)
        return (entries[key],) if key in entries else ()

    return read


def _latest_metric(run: RunRecord, key: str) -> Iterable[float]:
    point = run.data.latest.get(key)
    return () if point is None else (point.value,)


def _dataset(run: RunRecord, key: str) -> Iterable[str]:
    for used in run.inputs.datasets:
        value = used.tags.get(DATASET_CONTEXT_TAG) if key == "context" else getattr(used.dataset, key)
        if value is not None:
            yield value


def _model_metric(model: LoggedModel, key: str) -> Iterable[float]:
    return (point.value for point in model.metrics if point.key == key)


def _by(name: str, *, descending: bool = False, numeric: bool = False) -> OrderBy:
    return OrderBy(Field(Entity.ATTRIBUTE, name, numeric), ascending=not descending)


def _tags(path: str, operators: tuple[Operator, ...]) -> Keyed:
    return Keyed(Entity.TAG, ("tags", "tag"), operators, _entry(path), orderable=False)


RUNS = Vocabulary(
    noun="runs",
    item_type=RunRecord,
    attribute_names=("attributes", "attribute", "attr", "run"),
    attributes=(
        Attribute("run_id", "info.run_id", TEXT + LISTS, aliases=("run id", "Run ID")),
        Attribute("run_name", "info.run_name", TEXT, aliases=("run name", "Run name", "Run Name")),
        Attribute("user_id", "info.user_id", TEXT),
        Attribute("status", "info.status", TEXT),
        Attribute("artifact_uri", "info.artifact_uri", TEXT),
        Attribute("start_time", "info.start_time", NUMERIC, numeric=True, aliases=("created", "Created")),
        Attribute("end_time", "info.end_time", NUMERIC, numeric=True),
    ),
    keyed=(
        Keyed(Entity.METRIC, ("metrics", "metric"), NUMERIC, _latest_metric, numeric=True),
        Keyed(Entity.PARAM, ("params", "param", "parameters", "parameter"), TEXT + NULLS, _entry("data.params")),
        Keyed(Entity.TAG, ("tags", "tag"), TEXT + NULLS, _entry("data.tags")),
        Keyed(
            Entity.DATASET,
            ("datasets", "dataset"),
            TEXT + LISTS,
            _dataset,
            orderable=False,
            keys=("name", "digest", "context"),
        ),
    ),
    tie_break=(_by("start_time", descending=True, numeric=True), _by("run_id")),
    default_results=1000,
    max_results=50_000,
    lifecycle="info.lifecycle_stage",
    has_columns=True,
)

EXPERIMENTS = Vocabulary(
    noun="experiments",
    item_type=Experiment,
    attribute_names=("attributes", "attribute"),
    attributes=(
        Attribute("name", "name", TEXT),
        Attribute("experiment_id", "experiment_id", NUMERIC[:2] + LISTS, identifier=True),
        Attribute("creation_time", "creation_time", NUMERIC, numeric=True),
        Attribute("last_update_time", "last_update_time", NUMERIC, numeric=True),
    ),
    keyed=(_tags("tags", TEXT + NULLS),),
    tie_break=(_by("creation_time", descending=True, numeric=True), _by("experiment_id")),
    default_results=1000,
    max_results=50_000,
    lifecycle="lifecycle_stage",
)

REGISTERED_MODELS = Vocabulary(
    noun="registered models",
    item_type=RegisteredModel,
    attribute_names=("attributes", "attribute"),
    attributes=(
        Attribute("name", "name", TEXT + LISTS),
        Attribute("creation_timestamp", "creation_time", numeric=True),
        Attribute("last_updated_timestamp", "last_update_time", numeric=True, aliases=("timestamp",)),
    ),
    keyed=(_tags("tags", TEXT),),
    tie_break=(_by("name"),),
    default_results=100,
    max_results=1000,
    hides_prompts=True,
)

MODEL_VERSIONS = Vocabulary(
    noun="model versions",
    item_type=ModelVersion,
    attribute_names=("attributes", "attribute"),
    attributes=(
        Attribute("name", "name", TEXT + LISTS),
        Attribute("run_id", "run_id", TEXT + LISTS, orderable=False),
        Attribute("source_path", "source", TEXT, orderable=False),
        Attribute("version_number", "version", NUMERIC, numeric=True),
        Attribute("creation_timestamp", "creation_time", numeric=True),
        Attribute("last_updated_timestamp", "last_update_time", numeric=True),
    ),
    keyed=(_tags("tags", TEXT),),
    tie_break=(
        _by("last_updated_timestamp", descending=True, numeric=True),
        _by("name"),
        _by("version_number", descending=True, numeric=True),
    ),
    default_results=10_000,
    max_results=200_000,
)

LOGGED_MODELS = Vocabulary(
    noun="logged models",
    item_type=LoggedModel,
    attribute_names=("attributes", "attribute"),
    attributes=(
        Attribute("name", "name", TEXT + LISTS),
        Attribute("model_id", "model_id", TEXT + LISTS),
        Attribute("model_type", "model_type", TEXT + LISTS),
        Attribute("status", "status", TEXT + LISTS),
        Attribute("source_run_id", "source_run_id", TEXT + LISTS),
        Attribute("creation_timestamp", "creation_time", NUMERIC, numeric=True, aliases=("creation_time",)),
        Attribute("last_updated_timestamp", "last_update_time", NUMERIC, numeric=True, aliases=("last_updated_time",)),
    ),
    keyed=(
        Keyed(Entity.METRIC, ("metrics",), NUMERIC, _model_metric, numeric=True, by_dataset=True),
        Keyed(Entity.PARAM, ("params",), TEXT + LISTS + NULLS, _entry("params"), orderable=False),
        Keyed(Entity.TAG, ("tags",), TEXT + LISTS + NULLS, _entry("tags"), orderable=False),
    ),
    tie_break=(_by("creation_timestamp", descending=True, numeric=True), _by("model_id")),
    default_results=50,
    max_results=100,
    lifecycle="lifecycle_stage",
)

VOCABULARIES = (RUNS, EXPERIMENTS, REGISTERED_MODELS, MODEL_VERSIONS, LOGGED_MODELS)


def vocabulary_of(item: object) -> Vocabulary:
    """Return the vocabulary of an entity's kind; raises `TypeError` for a kind that is not searched."""
    for vocabulary in VOCABULARIES:
        if isinstance(item, vocabulary.item_type):
            return vocabulary
    raise TypeError(f"There is no search vocabulary for {type(item).__name__}.")
