"""ONNX models: the flavor `onnx`."""

from collections.abc import Iterable

from hookline.providers import FlavorProvider, hookimpl


@hookimpl
def flavors() -> Iterable[FlavorProvider]:
    """Offer the flavor of ONNX's graphs."""
    return [
        FlavorProvider(
            name="onnx",
            target="hookline_flavor_onnx.flavor:OnnxFlavor",
            summary="ONNX graphs, asked through ONNX Runtime",
            options="hookline_flavor_onnx.flavor:SaveOptions",
            handles=("onnx.onnx_ml_pb2.ModelProto",),
            library="onnx",
        )
    ]
