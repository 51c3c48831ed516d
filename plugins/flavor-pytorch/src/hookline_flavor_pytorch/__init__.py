"""PyTorch models: the flavor `pytorch`, and automatic logging of Lightning's trainings."""

from collections.abc import Iterable

from hookline.providers import FlavorProvider, hookimpl


@hookimpl
def flavors() -> Iterable[FlavorProvider]:
    """Offer the flavor of PyTorch's modules and exported programs."""
    return [
        FlavorProvider(
            name="pytorch",
            target="hookline_flavor_pytorch.flavor:PyTorchFlavor",
            summary="PyTorch modules as exported programs and safetensors, or as pickles",
            options="hookline_flavor_pytorch.flavor:SaveOptions",
            handles=("torch.nn.modules.module.Module", "torch.export.exported_program.ExportedProgram"),
            autolog="hookline_flavor_pytorch.autolog:autolog",
            library="lightning",
        )
    ]
