"""How the server behaves."""

from enum import StrEnum

from attrs import frozen

MEGABYTE = 2**20
LOCAL_NAMES = ("localhost",)


class Durability(StrEnum):
    """What an answer waits for. What was answered survives the end of the process always.

    INTAKE: that points, tags and new runs are in the server's intake (see `accepting`), and all else is committed;
    other programs see them some milliseconds later. COMMIT: the commit. Of both a power failure takes at most what was
    answered in the last second. FULL: the disk.
    """

    INTAKE = "intake"
    COMMIT = "commit"
    FULL = "full"


@frozen
class ServerSettings:
    """What a server allows.

    Attributes:
        hosts: names that a request's `Host` may hold, besides `localhost` and addresses such as 127.0.0.1.
        origins: pages of other origins that may call, such as `https://notebooks.example`.
        artifact_schemes: schemes of locations outside of the server's own artifact store that clients may name, such as
            `s3`. The server stores such locations and never opens them.
        max_body: bytes of a request other than a file. max_file: bytes of a file; 0: no limit.
        body_seconds: how long a body may take to arrive, or a file its next part.
        durability: what an answer waits for; None: the intake where the store is a file, which one server serves, and
            the commit where it is another one.
        public_url: the URL by which clients call the server, its prefix included, where a proxy stands before it; ""
            for the one that a request names.
        prefix: the path below which everything lies, such as `/hookline`; "" for none.
    """

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    artifact_schemes: tuple[str, ...] = ()
    max_body: int = 32 * MEGABYTE
    max_file: int = 0
    body_seconds: float = 60.0
    durability: Durability | None = None
    public_url: str = ""
    prefix: str = ""
