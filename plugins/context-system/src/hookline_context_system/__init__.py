"""How the machine does while a run is open, as metrics of the run."""

from collections.abc import Iterable

from hookline.providers import Provider, hookimpl


@hookimpl
def run_contexts() -> Iterable[Provider]:
    """Offer the context of the machine that the run is open on."""
    return [
        Provider(
            name="system",
            target="hookline_context_system.context:SystemContext",
            summary="CPU, memory, disk, network and GPU of the machine, every ten seconds, as metrics",
        )
    ]
