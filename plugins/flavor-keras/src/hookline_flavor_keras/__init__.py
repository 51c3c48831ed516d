"""Keras models: the flavor `keras`, and automatic logging."""

from collections.abc import Iterable

from hookline.providers import FlavorProvider, hookimpl


@hookimpl
def flavors() -> Iterable[FlavorProvider]:
    """Offer the flavor of Keras's models."""
    return [
        FlavorProvider(
            name="keras",
            target="hookline_flavor_keras.flavor:KerasFlavor",
            summary="Keras models in the native format .keras",
            handles=("keras.src.models.model.Model",),
            autolog="hookline_flavor_keras.autolog:autolog",
            library="keras",
        )
    ]
