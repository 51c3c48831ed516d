"""A tracking store and a model registry in one SQLite file: what this plugin provides."""

from hookline.providers import Provider, StoreProvider, hookimpl

_OPTIONS = "hookline_tracking_sql.options:SqlOptions"
_DEFAULT_URI = "sqlite:///{home}/hookline.db"


@hookimpl
def tracking_stores() -> list[StoreProvider]:
    """Offer the tracking store of `sqlite:` URIs."""
    return [
        StoreProvider(
            name="sqlite",
            target="hookline_tracking_sql.store:SqlTrackingStore",
            summary="experiments and runs in one SQLite file",
            options=_OPTIONS,
            default_uri=_DEFAULT_URI,
            file="hookline_tracking_sql.location:database_path",
        )
    ]


@hookimpl
def model_registries() -> list[StoreProvider]:
    """Offer the model registry of `sqlite:` URIs, which may be the file of the tracking store."""
    return [
        StoreProvider(
            name="sqlite",
            target="hookline_tracking_sql.registry:SqlModelRegistry",
            summary="registered models in one SQLite file",
            options=_OPTIONS,
            default_uri=_DEFAULT_URI,
        )
    ]


@hookimpl
def commands() -> list[Provider]:
    """Offer the commands that look after a database."""
    return [
        Provider(
            name="db upgrade",
            target="hookline_tracking_sql.database_commands:upgrade",
            summary="bring the SQLite store's tables up to this version",
        ),
        Provider(
            name="db check",
            target="hookline_tracking_sql.database_commands:check",
            summary="check the SQLite store's version and integrity",
        ),
        Provider(
            name="db backup",
            target="hookline_tracking_sql.database_commands:backup",
            summary="copy the SQLite store into a file while others write",
        ),
    ]
