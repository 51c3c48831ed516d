"""The modules of the core that may import inside of a function, with the reason. At most ten."""

DEFERRED: dict[str, str] = {}
