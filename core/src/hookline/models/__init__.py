"""Models: saving, logging, loading, inspecting and registering them.

`Models` holds the flows. A flavor's plugin reads and writes the model itself; everything around it is here: the
`MLmodel` file, the signature, the input example, the requirements, the manifest of digests, the gate of the pickles.
"""

from hookline.models.document import ModelDocument
from hookline.models.examples import Example
from hookline.models.flow import Models
from hookline.models.inspection import Inspection
from hookline.models.loading import LoadedModel
from hookline.models.manifest import Manifest
from hookline.models.signature import Signature, infer_signature

__all__ = [
    "Example",
    "Inspection",
    "LoadedModel",
    "Manifest",
    "ModelDocument",
    "Models",
    "Signature",
    "infer_signature",
]
