"""What a user may set under `environments.uv` and `environments.virtualenv`."""

from attrs import field, frozen, validators


@frozen
class VenvOptions:
    """How environments are made.

    Attributes:
        index_url: the package index to install from; default what the installer's own configuration says.
        find_links: folders with packages that are considered as well.
        no_index: install from `find_links` alone.
        allow_direct_references: accept requirements such as `name @ https://...` and `name @ git+https://...`, which
            name a place of their own instead of a version of a package.
        timeout: seconds that one step of the installer may take, and that another process's build is waited for.
    """

    index_url: str | None = None
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    allow_direct_references: bool = False
    timeout: float = field(default=1800.0, validator=validators.gt(0))
