"""A tracking store and a model registry in an SQL database: what this plugin provides."""

from hookline.providers import Provider, StoreProvider, hookimpl

_OPTIONS = "hookline_tracking_sql.options:SqlOptions"
_SERVER_OPTIONS = "hookline_tracking_sql.options:ServerOptions"
_DEFAULT_URI = "sqlite:///{home}/hookline.db"
_FILE = "hookline_tracking_sql.location:database_path"
_SERVERS = {
    "postgresql": "hookline_tracking_sql.postgresql:Postgresql",
    "mariadb": "hookline_tracking_sql.mariadb:Mariadb",
    "mysql": "hookline_tracking_sql.mariadb:Mariadb",
}
"""By scheme, the module and the start of the names of its classes."""


@hookimpl
def tracking_stores() -> list[StoreProvider]:
    """Offer the tracking stores of `sqlite:`, `postgresql:`, `mariadb:` and `mysql:` URIs."""
    file = StoreProvider(
        name="sqlite",
        target="hookline_tracking_sql.store:SqlTrackingStore",
        summary="experiments and runs in one SQLite file",
        options=_OPTIONS,
        default_uri=_DEFAULT_URI,
        file=_FILE,
    )
    return [file, *_on_servers("TrackingStore", "experiments and runs")]


@hookimpl
def model_registries() -> list[StoreProvider]:
    """Offer the model registries of the same URIs, which may be the database of the tracking store."""
    file = StoreProvider(
        name="sqlite",
        target="hookline_tracking_sql.registry:SqlModelRegistry",
        summary="registered models in one SQLite file",
        options=_OPTIONS,
        default_uri=_DEFAULT_URI,
        file=_FILE,
    )
    return [file, *_on_servers("ModelRegistry", "registered models")]


def _on_servers(kind: str, things: str) -> list[StoreProvider]:
    return [
        StoreProvider(
            name=scheme,
            target=f"{classes}{kind}",
            summary=f"{things} in a database of {'PostgreSQL' if scheme == 'postgresql' else 'MariaDB'}",
            options=_SERVER_OPTIONS,
        )
        for scheme, classes in _SERVERS.items()
    ]


@hookimpl
def commands() -> list[Provider]:
    """Offer the commands that look after a database."""
    return [
        Provider(
            name="db upgrade",
            target="hookline_tracking_sql.database_commands:upgrade",
            summary="bring the tables of an SQL store up to this version",
        ),
        Provider(
            name="db check",
            target="hookline_tracking_sql.database_commands:check",
            summary="check the version and integrity of an SQL store",
        ),
        Provider(
            name="db backup",
            target="hookline_tracking_sql.database_commands:backup",
            summary="copy the SQLite store into a file while others write",
        ),
    ]
