"""What an application may offer beside ASGI: to answer a request the moment that it is whole.

ASGI takes a task, an event and four messages for each request, which cost more than a short answer does.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from attrs import frozen


@frozen
class Prompt:
    """What an application answers at once: its attribute `prompt`, where it has one.

    Attributes:
        paths: the targets of POST requests, as they are sent.
        headers: those of each such answer, but for its length.
        answer: returns the body of an answer with status 200 to a scope of ASGI and a body; or None, where something
            needs to be waited for or to be refused: then the application is asked as usual. It raises nothing.
    """

    paths: Container[bytes]
    headers: Sequence[tuple[bytes, bytes]]
    answer: Callable[[Mapping[str, Any], bytes], bytes | None]
