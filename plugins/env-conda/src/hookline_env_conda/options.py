"""What a user may set under `environments.conda`."""

from collections.abc import Mapping

from attrs import field, frozen, validators


@frozen
class CondaOptions:
    """Where packages come from, and how long that may take.

    Attributes:
        channels: where a channel is that a project names, such as `{"conda-forge": "https://mirror.example/conda-forge"}`.
            A project may also name one of these places itself, and no other place.
        channel_alias: the place below which all other channels are, by their names; "" for the one that rattler, like
            conda, has by default.
        default_channels: the channels of a project that names none.
        index_url: the package index that the `pip` part is installed from; default what pip's own configuration says.
        find_links: folders with Python packages that are considered as well.
        no_index: install the `pip` part from `find_links` alone.
        allow_direct_references: accept requirements such as `name @ https://...` in the `pip` part.
        timeout: seconds that solving, downloading or pip may each take, and that another process's build is waited for.
    """

    channels: Mapping[str, str] = field(factory=dict)
    channel_alias: str = ""
    default_channels: tuple[str, ...] = ("conda-forge",)
    index_url: str | None = None
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    allow_direct_references: bool = False
    timeout: float = field(default=1800.0, validator=validators.gt(0))
