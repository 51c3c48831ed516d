"""TensorFlow's models: the flavor `tensorflow`."""

from collections.abc import Iterable

from hookline.providers import FlavorProvider, hookimpl


@hookimpl
def flavors() -> Iterable[FlavorProvider]:
    """Offer the flavor of SavedModels; it handles what TensorFlow can save as one, Keras's models on it included."""
    return [
        FlavorProvider(
            name="tensorflow",
            target="hookline_flavor_tensorflow.flavor:TensorFlowFlavor",
            summary="TensorFlow's SavedModels, asked by one of their signatures",
            options="hookline_flavor_tensorflow.flavor:SaveOptions",
            handles=(
                "hookline_flavor_tensorflow.models.LoadedSavedModel",
                "tensorflow.python.trackable.autotrackable.AutoTrackable",
            ),
            library="tensorflow",
            inspector="hookline_flavor_tensorflow.inspecting:facts",
        )
    ]
