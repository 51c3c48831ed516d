"""Models of transformers: the flavor `transformers`, and automatic logging of its trainer."""

from collections.abc import Iterable

from hookline.providers import FlavorProvider, hookimpl


@hookimpl
def flavors() -> Iterable[FlavorProvider]:
    """Offer the flavor of transformers' pipelines and models."""
    return [
        FlavorProvider(
            name="transformers",
            target="hookline_flavor_transformers.flavor:TransformersFlavor",
            summary="transformers' pipelines and models, as safetensors",
            options="hookline_flavor_transformers.flavor:SaveOptions",
            handles=("transformers.pipelines.base.Pipeline", "transformers.modeling_utils.PreTrainedModel"),
            autolog="hookline_flavor_transformers.autolog:autolog",
            library="transformers",
        )
    ]
